"""What stands on a printed document: every word and amount, ready for the template."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone
from django_countries import countries

from apps.invoice.lines import vat_table
from apps.invoice.models import Document
from apps.invoice.printable import code, han_face, typeset
from extract.text import short_id

KIND = {Document.Kind.INVOICE: "Invoice", Document.Kind.CREDIT_NOTE: "Credit note"}
COLUMNS = ["SKU", "Description", "Qty", "Unit price", "Net", "VAT rate", "VAT"]
VAT_COLUMNS = ["VAT rate", "Net", "VAT", "Gross"]


def document_words(document: Document, missing: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The document as the JSON that ``document.typ`` reads; codes for characters in ``missing``."""
    kind = KIND[Document.Kind(document.kind)]
    lines = list(document.lines.all())
    issued = timezone.localdate(document.issued_at)
    return {
        "kind": kind,
        "title": f"{kind} {document.number}",
        "issued": {"year": issued.year, "month": issued.month, "day": issued.day},
        "han": han_face(document.buyer_country),
        "seller": _party(settings.SELLER["name"], _seller_rows(), missing),
        "buyer": _party(document.buyer_name, _buyer_rows(document), missing),
        "facts": _facts(document, kind),
        "columns": COLUMNS,
        "lines": [
            [
                typeset(line.sku, missing, longest=10),
                typeset(line.name, missing),
                f"{line.quantity:,}",
                amount(line.unit_price),
                amount(line.net),
                percent(line.vat_rate),
                amount(line.vat),
            ]
            for line in lines
        ],
        "vat_columns": VAT_COLUMNS,
        "vat_rows": [
            [percent(row.rate), amount(row.net), amount(row.vat), amount(row.total)]
            for row in vat_table(lines)
        ],
        "totals": _totals(document),
        "notes": _notes(document, missing),
        "footer": typeset(_footer(), missing),
        "page": "Page {page} of {pages}",
        "words": {
            "buyer": "Credit to" if document.invoice_id else "Invoice to",
            "vat": "VAT summary",
            "totals": "Totals",
        },
    }


def amount(value: Decimal) -> str:
    """``1,234.50``."""
    return f"{value:,.2f}"


def percent(rate: Decimal) -> str:
    """``20 %``, ``5.5 %``: no more digits than the rate has."""
    return f"{rate.normalize():f}\N{NO-BREAK SPACE}%"


def day(moment: datetime) -> str:
    """``5 March 2026``, in the shop's time zone."""
    local = timezone.localtime(moment)
    return f"{local.day} {local:%B %Y}"


def _facts(document: Document, kind: str) -> list[tuple[str, str]]:
    facts = [(f"{kind} number", document.number), ("Issue date", day(document.issued_at))]
    if document.invoice:
        facts += [
            ("Corrects invoice", document.invoice.number),
            ("Invoice date", day(document.invoice.issued_at)),
        ]
    facts += [
        ("Order", short_id(document.order)),
        ("Supply date (tax point)", day(document.supplied_at)),
    ]
    return [*facts, ("Currency", document.currency)]


def _totals(document: Document) -> list[tuple[str, str]]:
    last = "Total credited" if document.invoice_id else "Total"
    return [
        ("Net", amount(document.net)),
        ("VAT", amount(document.vat)),
        (f"{last} ({document.currency})", amount(document.total)),
    ]


def _notes(document: Document, missing: frozenset[str]) -> list[str]:
    total = f"{document.currency} {amount(document.total)}"
    if document.invoice:
        paid = f"Refunded: {total} to the means of payment of invoice {document.invoice.number}."
    else:
        paid = f"Paid: {total} received with the order. No further payment is due."
    if not missing:
        return [paid]
    return [
        paid,
        "Some characters of this document could not be printed; "
        f"each is shown by its code in Unicode, such as {code(min(missing))}.",
    ]


def _party(name: str, rows: list[str], missing: frozenset[str]) -> dict[str, Any]:
    return {"name": typeset(name, missing), "rows": [typeset(row, missing) for row in rows]}


def _seller_rows() -> list[str]:
    seller = settings.SELLER
    rows = [seller["line1"], seller["line2"], f"{seller['city']} {seller['postcode']}".strip()]
    rows += [countries.name(seller["country"]), seller["email"]]
    return [row for row in rows if row.strip()]


def _buyer_rows(document: Document) -> list[str]:
    rows = [
        document.buyer_line1,
        document.buyer_line2,
        f"{document.buyer_city} {document.buyer_postcode}",
        countries.name(document.buyer_country) or document.buyer_country,
        document.buyer_email,
    ]
    return [row for row in rows if row.strip()]


def _footer() -> str:
    seller = settings.SELLER
    numbers = {"VAT number": seller["vat_number"], "Company number": seller["company_number"]}
    told = [f"{name} {number}" for name, number in numbers.items() if number]
    return " · ".join([seller["name"], *told])
