"""What invoice's documents are called in the log."""

from __future__ import annotations

from collections.abc import Iterator

from apps.invoice.models import Document
from extract.observe.traces import names_of


@names_of
def of_number(asked: str) -> Iterator[str]:
    """The order of a document's number, and the refund of a credit note's."""
    document = Document.objects.filter(number=asked.upper()).first()
    if document is not None:
        yield str(document.order)
        yield str(document.reference)
