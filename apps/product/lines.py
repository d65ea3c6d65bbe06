"""Reads past sales for the products in them: what each is most often called and sold for.

A line is dropped only for what is surely no product, and says why.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec

from apps.product.contract import penny
from extract.table import BadTable, Decimals, Row, decimals, number, read_table, whole
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
_CODE, _NAME, _PRICE = (HEADER.index(name) for name in ("StockCode", "Description", "UnitPrice"))
HIGHEST_PRICE = Decimal(10_000)
LONGEST_NAME = 120

_SKU = re.compile(r"[A-Z0-9._-]{1,40}\Z")
_FEWEST_DIGITS = 3

T = TypeVar("T")
BadFile = BadTable
"""The file as a whole cannot be imported."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A product as past sales tell of it; ``name`` as most of them spell it, ``price`` net."""

    sku: str
    name: str
    price: Decimal


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one line; ``reason`` is why it was dropped, or ""."""

    number: int
    code: str
    reason: str


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says: its products, and what became of each of its lines."""

    products: tuple[Seen, ...]
    outcomes: tuple[Outcome, ...]
    form: str

    @property
    def dropped(self) -> Counter[str]:
        """How many lines were dropped for each reason."""
        return Counter(each.reason for each in self.outcomes if each.reason)


def is_product_code(code: str) -> bool:
    """Whether a stock code stands for a product.

    Postage, discounts, fees and their like (POST, DOT, M, D, C2, BANK CHARGES, AMAZONFEE,
    gift vouchers) have spaces or fewer than three digits, or are vouchers by name.
    """
    code = sku_of(code)
    digits = sum(sign.isdigit() for sign in code)
    return bool(_SKU.match(code)) and digits >= _FEWEST_DIGITS and not code.startswith("GIFT")


def sku_of(code: str) -> str:
    """The SKU of a stock code: the file spells some in small and in capital letters."""
    return code.strip().upper()


def catalogue_of(path: Path, *, fractions: Decimals | None = None) -> Catalogue:
    """Each product of the file once, by SKU: its commonest name and price.

    Of equally common ones, the first counts. Raises ``BadFile`` with one sentence when the file as
    a whole is no such file, or its prices can be read in two ways.
    """
    table = read_table(path, COLUMNS, of="invoice lines")
    fractions = fractions or _fractions(table.rows)
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    prices: defaultdict[str, Counter[Decimal]] = defaultdict(Counter)
    reasons: list[str] = []
    for row in table.rows:
        reason, price = _judged(row, fractions)
        reasons.append(reason)
        if price is not None:
            sku = sku_of(whole(row.cells[_CODE]))
            prices[sku][price] += 1
            if name := sane_name(row.cells[_NAME]):
                names[sku][name] += 1
    products = {
        sku: Seen(sku=sku, name=_commonest(names[sku]), price=_commonest(prices[sku]))
        for sku in sorted(names.keys() & prices.keys())
    }
    outcomes = tuple(
        _outcome(row, reason, products) for row, reason in zip(table.rows, reasons, strict=True)
    )
    return Catalogue(products=tuple(products.values()), outcomes=outcomes, form=table.form)


def _judged(row: Row, fractions: Decimals) -> tuple[str, Decimal | None]:
    """Why the line says nothing of a product, or the product's price."""
    if row.fault:
        return row.fault, None
    if not is_product_code(whole(row.cells[_CODE])):
        return "not-a-product", None
    price = number(row.cells[_PRICE], fractions)
    if price is None:
        return "bad-price", None
    # What is written off or found again costs nothing, and is described by a clerk's note.
    if price <= 0:
        return "zero-price" if price == 0 else "negative-price", None
    if price > HIGHEST_PRICE:
        return "absurd-price", None
    rounded = penny(price)
    return ("", rounded) if rounded else ("price-below-a-penny", None)


def _outcome(row: Row, reason: str, products: dict[str, Seen]) -> Outcome:
    code = whole(row.cells[_CODE])
    if not reason and sku_of(code) not in products:
        reason = "no-name"
    return Outcome(number=row.number, code=code[:40], reason=reason)


def sane_name(description: str) -> str:
    """The description with single spaces, shortened at a word if it is too long; "" if it is
    none, having no letter."""
    name = legible(" ".join(description.split())).strip(" ,.*")
    if len(name) > LONGEST_NAME:
        whole_words = name[: LONGEST_NAME - 1].rpartition(" ")[0]
        name = (whole_words or name[: LONGEST_NAME - 1]) + "…"
    return name if any(map(str.isalpha, name)) else ""


def _fractions(rows: tuple[Row, ...]) -> Decimals:
    found = decimals(row.cells[_PRICE] for row in rows if not row.fault)
    if found is None:
        raise BadFile(
            "Nothing in the file tells whether 1,234 is more than a thousand; say what stands "
            "before a fraction by --fractions point or --fractions comma."
        )
    return found


def _commonest(counted: Counter[T]) -> T:
    return counted.most_common(1)[0][0]
