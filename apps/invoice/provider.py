"""Answers for the invoice contract in this process."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog

from apps.invoice import queries, rights, services
from apps.invoice.contract import (
    Buyer,
    Contents,
    DocumentLine,
    InvoiceContract,
    Issued,
    Pdf,
)
from apps.invoice.pdf import RenderingFailed
from extract.call import provides
from extract.subject import Held

logger = structlog.get_logger(__name__)


@provides
class InvoiceProvider(InvoiceContract):
    def issue(
        self,
        *,
        order: UUID,
        subject: str,
        access_hash: str,
        buyer: Buyer,
        currency: str,
        lines: tuple[DocumentLine, ...],
        supplied_at: datetime,
        with_pdf: bool = True,
    ) -> Issued:
        document = services.invoice_issue(
            order=order,
            subject=subject,
            access_hash=access_hash,
            buyer=buyer,
            currency=currency,
            lines=lines,
            supplied_at=supplied_at,
        )
        if with_pdf:
            try:
                services.pdf_keep(document)
            except RenderingFailed:
                # The number is issued; the PDF is tried again whenever it is asked for.
                logger.exception("invoice.pdf_failed", number=document.number)
        return Issued(number=document.number, total=document.total)

    def credit(self, *, refund: UUID, order: UUID, lines: tuple[DocumentLine, ...]) -> Issued:
        document = services.credit_note_issue(refund=refund, order=order, lines=lines)
        return Issued(number=document.number, total=document.total)

    def pdf(self, *, number: str) -> Pdf:
        document = queries.document_numbered(number)
        return Pdf(filename=f"{document.number}.pdf", content=services.pdf_keep(document))

    def contents(self, *, number: str) -> Contents:
        return queries.contents_of(queries.document_numbered(number))

    def held_about(self, *, subject: UUID, after: str = "") -> Held:
        return rights.held_about(subject=subject, after=after)

    def forget(self, *, subject: UUID, orders: tuple[UUID, ...]) -> None:
        rights.forget(subject=subject, orders=orders)
