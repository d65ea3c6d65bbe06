"""Reads the file strictly, one physical line at a time: a line is understood, or it says why not.

A field may not hold a line break, so that a stray quote spoils one line and not the rest
of the file. Lines are numbered as an editor numbers them; the header is line 1.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import msgspec

HEADER = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
MOST_PIECES = 100_000
HIGHEST_PRICE = Decimal(100_000)
YEARS = range(1990, 2100)

_INVOICE = re.compile(r"[A-Za-z0-9-]{1,20}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9._ -]{1,40}", re.ASCII)
_CUSTOMER = re.compile(r"[A-Za-z0-9-]{0,40}", re.ASCII)
_QUANTITY = re.compile(r"-?[0-9]{1,12}", re.ASCII)
_PRICE = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII)
_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class BadFile(Exception):
    """The file as a whole cannot be replayed."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One understood line. ``unit_price`` is net and above 0; ``customer`` is "" for a guest."""

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
    def net(self) -> Decimal:
        return self.quantity * self.unit_price


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A line that could not be understood, with as much as can be told of it."""

    number: int
    reason: str
    invoice_no: str = ""
    stock_code: str = ""


Entry: TypeAlias = Line | Unreadable


class _Refused(Exception):
    """The reason is the only argument."""


def read(path: Path) -> list[Entry]:
    """Every line after the header, in order. Raises ``BadFile``.

    Blank lines at the end are none.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    header, *rest = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    _check_header(path, header)
    while rest and not rest[-1].strip():
        rest.pop()
    return [_entry(number, raw) for number, raw in enumerate(rest, start=2)]


def invoice_numbers(entries: list[Entry]) -> Iterator[str]:
    """The invoice numbers that the file mentions, each once."""
    return iter(dict.fromkeys(e.invoice_no for e in entries if e.invoice_no))


def _check_header(path: Path, raw: bytes) -> None:
    try:
        found = tuple(_fields(raw))
    except _Refused:
        found = ()
    if found != HEADER:
        begins = raw[:60].decode(errors="replace").strip() or "nothing"
        raise BadFile(
            f"{path} is not a file of invoice lines: its first line must be "
            f"{','.join(HEADER)!r}, and is {_printable(begins)!r}."
        )


def _entry(number: int, raw: bytes) -> Entry:
    fields: list[str] = []
    try:
        fields = _fields(raw)
        return _line(number, fields)
    except _Refused as refused:
        fields = fields or raw.decode(errors="replace").split(",")
        known = [_printable(field.strip('"\r'))[:40] for field in (*fields, "")[:2]]
        invoice_no, stock_code = known
        return Unreadable(
            number=number, reason=refused.args[0], invoice_no=invoice_no, stock_code=stock_code
        )


def _fields(raw: bytes) -> list[str]:
    try:
        text = raw.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise _Refused("not-utf-8") from None
    if _CONTROL.search(text):
        raise _Refused("control-characters")
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        raise _Refused("bad-quoting") from None


def _line(number: int, fields: list[str]) -> Line:
    if len(fields) != len(HEADER):
        raise _Refused("wrong-number-of-fields")
    invoice_no, code, description, quantity, day, price, customer, country = map(str.strip, fields)
    if not _INVOICE.fullmatch(invoice_no):
        raise _Refused("bad-invoice-number")
    if not _CODE.fullmatch(code):
        raise _Refused("bad-stock-code")
    if not _CUSTOMER.fullmatch(customer):
        raise _Refused("bad-customer")
    return Line(
        number=number,
        invoice_no=invoice_no,
        stock_code=code,
        description=description,
        quantity=_quantity(quantity),
        day=_day(day),
        unit_price=_price(price),
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


def _price(text: str) -> Decimal:
    if not _PRICE.fullmatch(text):
        raise _Refused("bad-price")
    price = Decimal(text)
    if price == 0:
        raise _Refused("zero-price")
    if price < 0:
        raise _Refused("negative-price")
    if price > HIGHEST_PRICE:
        raise _Refused("absurd-price")
    in_pence = price.quantize(Decimal("0.01"))
    if in_pence != price:
        raise _Refused("price-not-in-pence")
    return in_pence


def _day(text: str) -> date:
    match = _DAY.fullmatch(text)
    if match is None:
        raise _Refused("bad-date")
    day, month, year = map(int, match.groups())
    try:
        found = date(year, month, day)
    except ValueError:
        raise _Refused("bad-date") from None
    if year not in YEARS:
        raise _Refused("absurd-date")
    return found


def _printable(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
