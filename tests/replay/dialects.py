"""The same ten sales as ten programs would write them down."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

HEADER = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID",
    "Country",
)  # fmt: skip
Sale = tuple[str, str, str, int, datetime, str, str, str]
UK, DE = "United Kingdom", "Germany"
SALES: tuple[Sale, ...] = (
    ("700001", "61001", "COPPER LANTERN", 3, datetime(2011, 1, 3, 8, 26), "2.55", "20011", UK),
    ("700001", "61002", "CAFÉ TOWEL, STRIPED", 1, datetime(2011, 1, 3, 8, 26), "10", "20011", UK),
    ("700001", "61001", "COPPER LANTERN", 2, datetime(2011, 1, 3, 8, 26), "2.1", "20011", UK),
    ("700002", "61001", "COPPER LANTERN", 5, datetime(2011, 1, 14, 17, 3), "2.55", "", DE),
    ("700002", "POST", "POSTAGE", 1, datetime(2011, 1, 14, 17, 3), "18", "", DE),
    ("700005", "61003", "LOST PROPERTY SIGN", 1, datetime(2011, 2, 1, 9, 0), "1234.5", "20012", UK),
    ("C700003", "61001", "COPPER LANTERN", -1, datetime(2011, 2, 5, 9, 1), "2.55", "20011", UK),
    ("C700003", "61002", "CAFÉ TOWEL, STRIPED", -1, datetime(2011, 2, 5, 9, 1), "10", "20011", UK),
    ("700006", "61004", "CRUSHED VELVET BOX", 4, datetime(2011, 3, 1, 12, 0), "0.42", "20013", UK),
    ("700006", "61001", "COPPER LANTERN", 4, datetime(2011, 3, 1, 12, 0), "2.55", "20013", UK),
)


def _day_first(at: datetime) -> str:
    return f"{at.day}/{at.month}/{at.year}"


def _us(at: datetime) -> str:
    return f"{at.month}/{at.day}/{at.year} {at.hour}:{at.minute:02}"


def _iso(at: datetime) -> str:
    return at.isoformat(" ")


def _german(at: datetime) -> str:
    return at.strftime("%d.%m.%Y")


def _rows(date: Callable[[datetime], str] = _day_first, comma: bool = False) -> list[list[str]]:
    def cell(value: object) -> str:
        return date(value) if isinstance(value, datetime) else str(value)

    rows = [[cell(value) for value in sale] for sale in SALES]
    for row in rows:
        row[5] = row[5].replace(".", ",") if comma else row[5]
    return [list(HEADER), *rows]


def _csv(rows: list[list[str]], **dialect: object) -> str:
    out = io.StringIO()
    csv.writer(out, **{"lineterminator": "\n", **dialect}).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue()


def plain(to: Path) -> Path:
    return _written(to / "plain.csv", _csv(_rows()).encode())


def byte_order_mark(to: Path) -> Path:
    return _written(to / "bom.csv", b"\xef\xbb\xbf" + _csv(_rows(), lineterminator="\r\n").encode())


def german(to: Path) -> Path:
    text = _csv(_rows(_german, comma=True), delimiter=";")
    return _written(to / "german.csv", text.encode("cp1252"))


def tabs_in_utf_16(to: Path) -> Path:
    return _written(to / "tabs.txt", _csv(_rows(), delimiter="\t").encode("utf-16"))


def as_published(to: Path) -> Path:
    """Month first and a time of day; customers as numbers with a fraction."""
    rows = _rows(_us)
    for row in rows[1:]:
        row[6] += ".0" if row[6] else ""
    return _written(to / "published.csv", _csv(rows).encode("cp1252"))


def iso_with_time(to: Path) -> Path:
    return _written(to / "iso.csv", _csv(_rows(_iso), quoting=csv.QUOTE_ALL).encode())


def workbook(to: Path) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(HEADER))
    for invoice, code, name, quantity, at, price, customer, country in SALES:
        number = int(invoice) if invoice.isdigit() else invoice
        who = float(customer) if customer else None
        sku = int(code) if code.isdigit() else code
        sheet.append([number, sku, name, quantity, at, float(price), who, country])
    path = to / "sales.xlsx"
    book.save(path)
    return path


def other_columns(to: Path) -> Path:
    """As in "Online Retail II": other names, another order, and one more column."""
    names = {"InvoiceNo": "Invoice", "UnitPrice": "Price", "CustomerID": "Customer ID"}
    rows = [[*row[::-1], "more"] for row in _rows()]
    rows[0] = [names.get(name, name) for name in rows[0]]
    return _written(to / "other.csv", _csv(rows).encode())


def line_breaks_in_quotes(to: Path) -> Path:
    rows = [[cell.replace("COPPER LANTERN", "COPPER\nLANTERN") for cell in row] for row in _rows()]
    return _written(to / "breaks.csv", _csv(rows, lineterminator="\r\n").encode())


def name_that_is_no_utf_8(to: Path) -> Path:
    path = to / os.fsdecode(b"verk\xe4ufe.csv")
    return _written(path, _csv(_rows()).encode())


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


DIALECTS = (
    plain, byte_order_mark, german, tabs_in_utf_16, as_published, iso_with_time, workbook,
    other_columns, line_breaks_in_quotes, name_that_is_no_utf_8,
)  # fmt: skip
