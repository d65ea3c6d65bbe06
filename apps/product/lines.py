"""Reads past sales for the products in them: what each is most often called and sold for."""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

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
HIGHEST_PRICE = Decimal(10_000)
LONGEST_NAME = 120
MOST_UNREADABLE = 0.1
"""The share of lines that may be spoilt in a file that is otherwise what it should be."""

_CODE = re.compile(r"[A-Z0-9._-]{1,40}\Z")
_FEWEST_DIGITS = 3
# Notes that clerks leave in the description of a product.
_NOTES = re.compile(
    r"\?|\b(amazon|adjust\w*|damage[sd]?|dotcom|ebay|found|lost|missing|samples?|thrown|wrong\w*|"
    r"wet|mouldy|broken|crushed|mailout|incorrect\w*|check(ed)?|counted|test|credit|cancelled)\b",
    re.IGNORECASE,
)


class BadFile(Exception):
    """The file as a whole cannot be imported."""


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says: its products, its lines, and how many of these could not be read."""

    products: tuple[Seen, ...]
    lines: int
    unreadable: int


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A product as past sales tell of it; ``name`` as most of them spell it, ``price`` net."""

    sku: str
    name: str
    price: Decimal


def is_product_code(code: str) -> bool:
    """Whether a stock code stands for a product.

    Postage, discounts, fees and their like (POST, DOT, M, D, C2, BANK CHARGES, AMAZONFEE,
    gift vouchers) have spaces or fewer than three digits, or are vouchers by name.
    """
    code = code.strip().upper()
    digits = sum(sign.isdigit() for sign in code)
    return bool(_CODE.match(code)) and digits >= _FEWEST_DIGITS and not code.startswith("GIFT")


def sku_of(code: str) -> str:
    """The SKU of a stock code: the file spells some in small and in capital letters."""
    return code.strip().upper()


def catalogue_of(path: Path) -> Catalogue:
    """Each product of the file once, by SKU: its commonest sane description and price.

    A product that no line gives both is left out. Of equally common ones, the first counts.
    Raises ``BadFile`` with one sentence when the file as a whole is no such file.
    """
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    prices: defaultdict[str, Counter[Decimal]] = defaultdict(Counter)
    lines = unreadable = 0
    for fields in _lines(path):
        lines += 1
        if len(fields) != len(HEADER):
            unreadable += 1
            continue
        _, code, description, _, _, unit_price, _, _ = fields
        if not is_product_code(code):
            continue
        if name := sane_name(description):
            names[sku_of(code)][name] += 1
        if (price := sane_price(unit_price)) is not None:
            prices[sku_of(code)][price] += 1
    if unreadable > lines * MOST_UNREADABLE:
        raise BadFile(
            f"{unreadable} of the {lines} lines of {path} are not {len(HEADER)} fields of UTF-8 "
            f"text; save it as CSV in UTF-8."
        )
    products = tuple(
        Seen(
            sku=sku,
            name=names[sku].most_common(1)[0][0],
            price=prices[sku].most_common(1)[0][0],
        )
        for sku in sorted(names.keys() & prices.keys())
    )
    return Catalogue(products=products, lines=lines, unreadable=unreadable)


def sane_name(description: str) -> str:
    """The description with single spaces, or "" if it is none: empty, too long, a note."""
    name = " ".join(description.split()).strip(" ,.*")
    is_sane = name.isprintable() and len(name) <= LONGEST_NAME and any(map(str.isalpha, name))
    return "" if not is_sane or _NOTES.search(name) else name


def sane_price(text: str) -> Decimal | None:
    """The price in pence, or None if it is none, not above 0, or absurdly high."""
    try:
        price = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not price.is_finite() or not 0 < price <= HIGHEST_PRICE:
        return None
    rounded = price.quantize(Decimal("0.01"))
    return rounded if rounded > 0 else None


def _lines(path: Path) -> Iterator[list[str]]:
    """The fields of each line after the header; none of a line that cannot be read."""
    try:
        with path.open("rb") as lines:
            header = _fields(next(lines, b"").removeprefix(BOM_UTF8))
            if tuple(map(str.strip, header)) != HEADER:
                raise BadFile(
                    f"{path} is not a file of invoice lines in UTF-8: its first line must be "
                    f"{','.join(HEADER)!r}."
                )
            for line in lines:
                if not line.isspace():
                    yield _fields(line)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror or error}.") from error


def _fields(line: bytes) -> list[str]:
    """One line by itself, so that a stray quote spoils it and not the rest of the file."""
    try:
        return next(csv.reader([line.decode().rstrip("\r\n")], strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return []
