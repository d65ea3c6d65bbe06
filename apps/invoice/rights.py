"""A customer's rights: what invoice keeps about them. The law asks for the documents to be kept as
they were issued, so erasing takes them out of reach: the back office alone finds them then.
"""

from __future__ import annotations

from uuid import UUID

from apps.invoice.models import Document, DocumentLine
from extract.data import owned
from extract.subject import Held
from extract.subject.layer import refuse_under_way, scrub, tables
from extract.subject.rows import held

APP = "invoice"


def held_about(*, subject: UUID, after: str) -> Held:
    """The rows of invoice about the customer, some at a time."""
    mine = str(subject)
    documents = Document.objects.filter(subject=mine)
    lines = DocumentLine.objects.filter(document__subject=mine)

    def orders() -> set[str]:
        return {str(order) for order in documents.order_by().values_list("order", flat=True)}

    return held([documents, lines, *tables(APP, mine, orders)], after)


def forget(*, subject: UUID, orders: tuple[UUID, ...]) -> None:
    """Neither an account nor an order's token opens the documents any more. Raises ``UnderWay``."""
    things = [str(order) for order in orders]
    refuse_under_way(APP, str(subject), things)
    with owned(APP):
        Document.objects.filter(order__in=orders).update(subject="", access_hash="")
    scrub(APP, str(subject), things)
