"""Reading documents."""

from __future__ import annotations

from apps.invoice.contract import UnknownInvoice
from apps.invoice.models import Document


def document_numbered(number: str) -> Document:
    """The document with that number, its invoice beside it. Raises ``UnknownInvoice``."""
    document = Document.objects.select_related("invoice").filter(number=number).first()
    if document is None:
        raise UnknownInvoice(reference=number)
    return document
