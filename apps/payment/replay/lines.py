"""Reads the file strictly: a line is understood, or it says why not.

Lines are numbered as rows of the table; the header is line 1. How dates and fractions are spelt
is decided for the whole file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import msgspec

from apps.product.contract import penny
from extract.table import (
    BadTable,
    DateOrder,
    Decimals,
    Row,
    date_order,
    day_of,
    decimals,
    depends_on_order,
    number,
    read_table,
    whole,
)
from extract.text import legible

COLUMNS = {
    "InvoiceNo": ("Invoice",),
    "StockCode": (),
    "Description": (),
    "Quantity": (),
    "InvoiceDate": (),
    "UnitPrice": ("Price",),
    "CustomerID": (),
    "Country": (),
}
"""Of the UCI data sets "Online Retail" and "Online Retail II", which call some otherwise."""
HEADER = tuple(COLUMNS)
_DATE, _PRICE = HEADER.index("InvoiceDate"), HEADER.index("UnitPrice")
MOST_PIECES = 100_000
HIGHEST_PRICE = Decimal(100_000)
YEARS = range(1990, 2100)

_INVOICE = re.compile(r"[A-Za-z0-9-]{1,20}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9._ -]{1,40}", re.ASCII)
_CUSTOMER = re.compile(r"[A-Za-z0-9-]{0,40}", re.ASCII)
_QUANTITY = re.compile(r"-?[0-9]{1,12}", re.ASCII)


BadFile = BadTable
"""The file as a whole cannot be replayed."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One understood line. ``unit_price`` is net, and 0 for what was given away; ``customer`` is ""
    for a guest."""

    number: int
    invoice_no: str
    stock_code: str
    description: str
    quantity: int
    day: date
    unit_price: Decimal
    customer: str
    country: str

    @property
    def sku(self) -> str:
        """The product's code: the file spells some in small and in capital letters."""
        return self.stock_code.upper()

    @property
    def digest(self) -> str:
        """What tells whether a line of the same number is still this one."""
        return _digest(self)

    @property
    def net(self) -> Decimal:
        return self.quantity * self.unit_price


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A line that could not be understood, with as much as can be told of it."""

    number: int
    reason: str
    invoice_no: str = ""
    stock_code: str = ""

    @property
    def digest(self) -> str:
        """The same as of a line that is understood, as far as this one can be told."""
        return _digest(self)


Entry: TypeAlias = Line | Unreadable


class File(msgspec.Struct, frozen=True, kw_only=True):
    """All lines of a file, and how it was read: ``form`` of the file, dates and fractions."""

    entries: tuple[Entry, ...]
    form: str
    dates: DateOrder
    fractions: Decimals


class _Refused(Exception):
    """The reason is the only argument."""


def read(path: Path, *, dates: DateOrder | None = None, fractions: Decimals | None = None) -> File:
    """Every line after the header, in order. Raises ``BadFile``, also for a file whose dates or
    fractions can be read in two ways, unless it is said how they are to be read.

    Blank lines at the end are none.
    """
    table = read_table(path, COLUMNS, of="invoice lines")
    dates = dates or _dates([row.cells[_DATE] for row in table.rows if not row.fault])
    fractions = fractions or _fractions([row.cells[_PRICE] for row in table.rows if not row.fault])
    entries = tuple(_entry(row, dates, fractions) for row in table.rows)
    return File(entries=entries, form=table.form, dates=dates, fractions=fractions)


def invoice_numbers(entries: Sequence[Entry]) -> Iterator[str]:
    """The invoice numbers that the file mentions, each once."""
    return iter(dict.fromkeys(e.invoice_no for e in entries if e.invoice_no))


def _digest(entry: Entry) -> str:
    return hashlib.blake2b(msgspec.json.encode(entry), digest_size=8).hexdigest()


def _dates(cells: list[str]) -> DateOrder:
    found = date_order(cells)
    if found is None and any(depends_on_order(cell) and " " in cell for cell in cells):
        raise BadFile(
            "Nothing in the file tells whether 1/2/2010 is in January or in February; say it by "
            "--dates day-first or --dates month-first."
        )
    # Dates without a time of day are those of the documented format.
    return found or DateOrder.DAY_FIRST


def _fractions(cells: list[str]) -> Decimals:
    found = decimals(cells)
    if found is None:
        raise BadFile(
            "Nothing in the file tells whether 1,234 is more than a thousand; say what stands "
            "before a fraction by --fractions point or --fractions comma."
        )
    return found


def _entry(row: Row, dates: DateOrder, fractions: Decimals) -> Entry:
    invoice_no, stock_code = whole(row.cells[0]), whole(row.cells[1])
    try:
        if row.fault:
            raise _Refused(row.fault)
        return _line(row, dates, fractions)
    except _Refused as refused:
        return Unreadable(
            number=row.number,
            reason=refused.args[0],
            invoice_no=_printable(invoice_no)[:40],
            stock_code=_printable(stock_code)[:40],
        )


def _line(row: Row, dates: DateOrder, fractions: Decimals) -> Line:
    invoice_no, code, description, quantity, day, price, customer, country = row.cells
    invoice_no, code, customer = whole(invoice_no), whole(code), whole(customer)
    if not _INVOICE.fullmatch(invoice_no):
        raise _Refused("bad-invoice-number")
    if not _CODE.fullmatch(code):
        raise _Refused("bad-stock-code")
    if not _CUSTOMER.fullmatch(customer):
        raise _Refused("bad-customer")
    return Line(
        number=row.number,
        invoice_no=invoice_no,
        stock_code=code,
        description=legible(description),
        quantity=_quantity(whole(quantity)),
        day=_day(day, dates),
        unit_price=_price(price, fractions),
        customer=customer,
        country=country,
    )


def _quantity(text: str) -> int:
    if not _QUANTITY.fullmatch(text):
        raise _Refused("bad-quantity")
    quantity = int(text)
    if quantity == 0:
        raise _Refused("zero-quantity")
    if abs(quantity) > MOST_PIECES:
        raise _Refused("absurd-quantity")
    return quantity


def _price(text: str, fractions: Decimals) -> Decimal:
    price = number(text, fractions)
    if price is None:
        raise _Refused("bad-price")
    if price < 0:
        raise _Refused("negative-price")
    if price > HIGHEST_PRICE:
        raise _Refused("absurd-price")
    in_pence = penny(price)
    if in_pence != price:
        raise _Refused("price-not-in-pence")
    return in_pence


def _day(text: str, dates: DateOrder) -> date:
    found = day_of(text, dates)
    if found is None:
        raise _Refused("bad-date")
    if found.year not in YEARS:
        raise _Refused("absurd-date")
    return found


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
