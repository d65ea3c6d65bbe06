"""What invoice offers to the others: numbered documents."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from extract.call import Contract, DeclaredError, repeatable
from extract.subject import Held, UnderWay


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """Who an invoice is made out to. ``country`` is ISO 3166 alpha-2, or "" if unknown."""

    name: str
    email: str
    line1: str
    line2: str
    city: str
    postcode: str
    country: str


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an invoice or credit note: amounts in its currency, positive on both.

    ``vat_rate`` is in percent; ``net`` = ``quantity`` × ``unit_price``.
    """

    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    net: Decimal
    vat_rate: Decimal
    vat: Decimal


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A document that has its number."""

    number: str
    total: Decimal


class Pdf(msgspec.Struct, frozen=True, kw_only=True):
    """A document as a file."""

    filename: str
    content: bytes


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on a document; amounts in its ``currency``."""

    buyer: Buyer
    lines: tuple[DocumentLine, ...]
    currency: str
    net: Decimal
    vat: Decimal
    total: Decimal


class UnknownInvoice(DeclaredError):
    """There is no invoice for {reference}."""

    reference: str


class InvoiceContract(Contract, app="invoice", version=3):
    """Invoices and credit notes. Every method may be repeated."""

    @repeatable()
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
        """Issue the order's invoice, once: repeated, the same number.

        With ``with_pdf`` the PDF is made now, else when it is first asked for.
        """
        ...

    @repeatable(raises=(UnknownInvoice,))
    def credit(self, *, refund: UUID, order: UUID, lines: tuple[DocumentLine, ...]) -> Issued:
        """Issue the refund's credit note against the order's invoice, once."""
        ...

    @repeatable(raises=(UnknownInvoice,))
    def pdf(self, *, number: str) -> Pdf:
        """The document of that number as a PDF."""
        ...

    @repeatable(raises=(UnknownInvoice,))
    def contents(self, *, number: str) -> Contents:
        """What stands on the document of that number."""
        ...

    @repeatable()
    def held_about(self, *, subject: UUID, after: str = "") -> Held:
        """What is kept about the subject: ``after`` is "", then the last answer's ``more``.

        Rows of ``document`` have a ``number``, which ``pdf`` takes.
        """
        ...

    @repeatable(raises=(UnderWay,))
    def forget(self, *, subject: UUID, orders: tuple[UUID, ...]) -> None:
        """Take the documents of the orders out of every account's reach; they themselves stay.

        At most some hundred orders at a time.
        """
        ...
