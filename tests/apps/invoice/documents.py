"""What invoice's tests do again and again: lines that add up, and a document of them."""

from __future__ import annotations

import hashlib
import io
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pypdf

from apps.invoice.contract import Buyer, DocumentLine, InvoiceContract, Issued
from apps.invoice.models import Document
from extract.call import handle

invoice = handle(InvoiceContract)

ADA = Buyer(
    name="Ada Lovelace",
    email="ada@example.com",
    line1="12 St James's Square",
    line2="",
    city="London",
    postcode="SW1Y 4JH",
    country="GB",
)
SUPPLIED = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
TOKEN = "the-access-token-of-the-order"
TOKEN_HASH = hashlib.sha256(TOKEN.encode()).hexdigest()


def line(
    name: str = "Copper lantern",
    *,
    sku: str = "61001",
    quantity: int = 2,
    price: str = "12.50",
    rate: str = "20",
    **changes: Any,
) -> DocumentLine:
    """A line that adds up, unless ``changes`` see to it that it does not."""
    net = quantity * Decimal(price)
    vat = (net * Decimal(rate) / 100).quantize(Decimal("0.01"))
    amounts = {"unit_price": Decimal(price), "net": net, "vat_rate": Decimal(rate), "vat": vat}
    return DocumentLine(**{"sku": sku, "name": name, "quantity": quantity, **amounts, **changes})


def issue(order: uuid.UUID | None = None, **changes: Any) -> Issued:
    """An invoice for Ada, through the contract."""
    arguments = {
        "order": order or uuid.uuid4(),
        "subject": "",
        "access_hash": TOKEN_HASH,
        "buyer": ADA,
        "currency": "GBP",
        "lines": (line(),),
        "supplied_at": SUPPLIED,
        "with_pdf": False,
    }
    return invoice.issue(**{**arguments, **changes})


def sequences(kind: Document.Kind = Document.Kind.INVOICE) -> list[int]:
    """The numbers given so far, in order, without their series."""
    rows = Document.objects.filter(kind=kind).order_by("sequence")
    return list(rows.values_list("sequence", flat=True))


def pdf_of(number: str) -> pypdf.PdfReader:
    """The document's PDF, opened."""
    return pypdf.PdfReader(io.BytesIO(invoice.pdf(number=number).content))


def text_of(number: str) -> str:
    """The words of the document's PDF, with single spaces between them."""
    return " ".join(" ".join(page.extract_text() for page in pdf_of(number).pages).split())
