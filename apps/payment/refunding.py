"""The back office's form of a refund: which pieces, and the key that makes it happen once."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from apps.payment import refunds
from apps.payment.checkout import Refused
from apps.payment.models import Order, OrderLine
from extract.call import CallError
from extract.data.idempotency import Answer

# Like unfold's own inputs.
INPUT = "border border-base-200 bg-white rounded-default px-3 py-2 w-24 dark:bg-base-900"


class RefundForm(forms.Form):
    """Pieces to refund of each line of an order that has any left."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, order: Order, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left = {line: line.quantity - line.refunded_quantity for line in order.lines.all()}
        for line, left in self.left.items():
            self.fields[self._name(line)] = forms.IntegerField(
                label=f"Pieces of {line.name} to refund",
                min_value=0,
                max_value=left,
                initial=0,
                required=False,
                disabled=not left,
                widget=forms.NumberInput(attrs={"class": INPUT}),
            )

    @property
    def rows(self) -> list[tuple[OrderLine, int, forms.BoundField]]:
        """Each line, how many pieces of it are left, and its field."""
        return [(line, left, self[self._name(line)]) for line, left in self.left.items()]

    @property
    def chosen(self) -> list[tuple[int, int]]:
        """``(line id, quantity)`` of the valid form."""
        pieces = {line: self.cleaned_data.get(self._name(line)) or 0 for line in self.left}
        return [(line.pk, quantity) for line, quantity in pieces.items() if quantity]

    @staticmethod
    def _name(line: OrderLine) -> str:
        return f"line_{line.pk}"


def refunded(
    *, key: str, order_id: uuid.UUID, lines: list[tuple[int, int]] | None, by: str
) -> tuple[bool, str]:
    """Refund, and say what came of it: ``(whether it was done, a sentence)``."""
    try:
        answer = refunds.request(key=key, order_id=order_id, lines=lines, requested_by=by)
    except Refused as refused:
        answer = refused.answer
    except CallError as error:
        return False, f"The refund could not be made: {error}"
    return answer.status == 201, _sentence(answer)


def _sentence(answer: Answer) -> str:
    if answer.status != 201:
        return str(answer.body["detail"])
    total, number = answer.body["total"], answer.body["credit_note"]
    credit = f"credit note {number}" if number else "the credit note follows"
    return f"Refunded {total['amount']} {total['currency']}; {credit}."
