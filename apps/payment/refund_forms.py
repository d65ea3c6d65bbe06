"""The back office's form of a refund: which pieces, and the key that makes it happen once."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django import forms

from apps.payment import refunds
from apps.payment.checkout import Refused
from apps.payment.models import Order, OrderLine
from extract.call import CallError
from extract.data.idempotency import Answer

ZERO = Decimal(0)
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
    def pieces(self) -> list[tuple[OrderLine, int]]:
        """Each line of which the valid form wants pieces refunded, and how many."""
        if "whole" in self.data:
            wanted = self.left
        else:
            wanted = {line: self.cleaned_data.get(self._name(line)) or 0 for line in self.left}
        return [(line, quantity) for line, quantity in wanted.items() if quantity]

    @property
    def amount(self) -> Decimal:
        """What is paid back for the pieces, VAT included."""
        return sum((refunds.amount_of(line, quantity) for line, quantity in self.pieces), ZERO)

    def to_confirm(self) -> ConfirmedRefundForm:
        """The form of the next page, which asks once more."""
        pieces = " ".join(f"{line.pk}:{quantity}" for line, quantity in self.pieces)
        return ConfirmedRefundForm({"key": self.cleaned_data["key"], "pieces": pieces})

    @staticmethod
    def _name(line: OrderLine) -> str:
        return f"line_{line.pk}"


class ConfirmedRefundForm(forms.Form):
    """What was chosen. It does not ask what is left: the second half of a double click gets the
    answer of the first."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    pieces = forms.RegexField(r"^[0-9]+:[0-9]+( [0-9]+:[0-9]+)*$", widget=forms.HiddenInput)

    @property
    def chosen(self) -> list[tuple[int, int]]:
        """``(line id, quantity)`` of the valid form."""
        pairs = (pair.split(":") for pair in self.cleaned_data["pieces"].split(" "))
        return [(int(line), int(quantity)) for line, quantity in pairs]


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
