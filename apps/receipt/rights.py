"""A customer's rights: what receipt keeps about them, and how it is erased. Of a receipt remains
that there was one, and what became of it.
"""

from __future__ import annotations

from uuid import UUID

from django.core.mail import get_connection

from apps.receipt.models import RESEND, Receipt, Resend
from extract.data import owned
from extract.event.work import aggregate_of
from extract.subject import Held
from extract.subject.layer import refuse_under_way, scrub, tables
from extract.subject.rows import held

APP = "receipt"


def held_about(*, subject: UUID, after: str) -> Held:
    """The rows of receipt about the customer, some at a time."""
    mine = str(subject)
    receipts = Receipt.objects.filter(subject=mine)
    resends = Resend.objects.filter(receipt__subject=mine)

    def orders() -> set[str]:
        return {str(order) for order in receipts.order_by().values_list("order", flat=True)}

    return held([receipts, resends, *tables(APP, mine, orders)], after)


def forget(*, subject: UUID, orders: tuple[UUID, ...]) -> None:
    """Blank name and address, once no mail is on its way; the mails themselves go where they are
    kept at all. Raises ``UnderWay``."""
    receipts = Receipt.objects.filter(order__in=orders)
    resends = Resend.objects.filter(receipt__order__in=orders)
    things = [*map(str, orders), *_works(resends)]
    refuse_under_way(APP, str(subject), things)
    _delete_kept_mails(list(receipts.order_by().values_list("message_id", flat=True)))
    with owned(APP):
        receipts.update(subject="", access_hash="", email="", name="", last_error="")
        resends.update(error="")
    scrub(APP, str(subject), things)


def _works(resends: object) -> list[str]:
    keys = resends.order_by().values_list("pk", flat=True)  # type: ignore[attr-defined]
    return [aggregate_of(RESEND, str(key)) for key in keys]


def _delete_kept_mails(message_ids: list[str]) -> None:
    """A mail server keeps none; a backend that does says so by a method of this name."""
    if delete := getattr(get_connection(), "delete_kept", None):
        delete(message_ids)
