"""Reading documents."""

from __future__ import annotations

from apps.invoice.contract import Buyer, Contents, DocumentLine, UnknownInvoice
from apps.invoice.models import Document


def document_numbered(number: str) -> Document:
    """The document with that number, its invoice beside it. Raises ``UnknownInvoice``."""
    document = Document.objects.select_related("invoice").filter(number=number).first()
    if document is None:
        raise UnknownInvoice(reference=number)
    return document


def contents_of(document: Document) -> Contents:
    """What stands on it, as the contract tells of it."""
    return Contents(
        buyer=Buyer(
            **{name: getattr(document, f"buyer_{name}") for name in Buyer.__struct_fields__}
        ),
        lines=tuple(
            DocumentLine(**{name: getattr(line, name) for name in DocumentLine.__struct_fields__})
            for line in document.lines.all()
        ),
        currency=document.currency,
        net=document.net,
        vat=document.vat,
        total=document.total,
    )
