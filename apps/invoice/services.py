"""Issuing documents: a number is taken and its document written together, or neither."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from django.db import IntegrityError
from django.utils import timezone

from apps.invoice import contract
from apps.invoice.lines import check_lines
from apps.invoice.models import Document, DocumentLine, RenderedPdf
from apps.invoice.numbers import take_number
from apps.invoice.pdf import render_pdf
from extract.data import owned


def invoice_issue(
    *,
    order: UUID,
    subject: str,
    access_hash: str,
    buyer: contract.Buyer,
    currency: str,
    lines: tuple[contract.DocumentLine, ...],
    supplied_at: datetime,
) -> Document:
    """The order's invoice, issued now unless there is one. Raises ``LinesDoNotAddUp``."""
    return _issue_once(
        Document(
            kind=Document.Kind.INVOICE,
            reference=order,
            order=order,
            subject=subject,
            access_hash=access_hash,
            currency=currency,
            supplied_at=supplied_at,
            **{f"buyer_{key}": value for key, value in msgspec.structs.asdict(buyer).items()},
        ),
        lines,
    )


def credit_note_issue(
    *, refund: UUID, order: UUID, lines: tuple[contract.DocumentLine, ...]
) -> Document:
    """The refund's credit note, issued now unless there is one.

    Buyer, access and supply date are those of the order's invoice. Raises
    ``UnknownInvoice`` without one, ``LinesDoNotAddUp``.
    """
    invoice = Document.objects.filter(reference=order, kind=Document.Kind.INVOICE).first()
    if invoice is None:
        raise contract.UnknownInvoice(reference=str(order))
    copied = {
        field.attname: getattr(invoice, field.attname)
        for field in Document._meta.concrete_fields
        if field.name.startswith("buyer_")
        or field.name in {"subject", "access_hash", "currency", "supplied_at"}
    }
    # By its id: handing the row itself over would ask the router for a write.
    note = Document(
        kind=Document.Kind.CREDIT_NOTE,
        reference=refund,
        order=order,
        invoice_id=invoice.pk,
        **copied,
    )
    return _issue_once(note, lines)


def documents_claim(*, order: UUID, subject: str) -> None:
    """Make the order's documents, which do not show it, the customer's. Must be called inside
    ``owned("invoice")``.
    """
    Document.objects.filter(order=order).update(subject=subject)


def pdf_keep(document: Document) -> bytes:
    """The document's PDF, made and kept if this is the first time that it is wanted."""
    if content := _kept_pdf(document):
        return content
    # Rendered before the transaction opens: it takes longer than a lock should be held.
    content = render_pdf(document)
    with owned("invoice"):
        RenderedPdf.objects.bulk_create(
            [RenderedPdf(document=document, content=content)], ignore_conflicts=True
        )
    return _kept_pdf(document) or content


def _kept_pdf(document: Document) -> bytes:
    kept = RenderedPdf.objects.filter(document=document).values_list("content", flat=True).first()
    return bytes(kept) if kept is not None else b""


def _issue_once(document: Document, lines: tuple[contract.DocumentLine, ...]) -> Document:
    if earlier := Document.objects.filter(reference=document.reference).first():
        return earlier
    sums = check_lines(document.reference, lines)
    document.net, document.vat, document.total = sums.net, sums.vat, sums.total
    try:
        _write(document, lines)
    except IntegrityError:
        # Someone else was faster with the same reference, and the number went back.
        earlier = Document.objects.filter(reference=document.reference).first()
        if earlier is None:
            raise
        return earlier
    return document


def _write(document: Document, lines: tuple[contract.DocumentLine, ...]) -> None:
    with owned("invoice"):
        document.issued_at = timezone.now()
        day = timezone.localdate(document.issued_at)
        number = take_number(Document.Kind(document.kind), day=day)
        document.series, document.sequence = number.series, number.sequence
        document.number = str(number)
        document.save(force_insert=True)
        DocumentLine.objects.bulk_create(
            DocumentLine(document=document, position=position, **msgspec.structs.asdict(line))
            for position, line in enumerate(lines, start=1)
        )
