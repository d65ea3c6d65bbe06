"""Where whose VAT is charged, and the rates that the shop starts with.

A country is not a VAT territory: some belong to another's, and parts of some lie outside of all, or
have rates of their own. ``vat_territories.csv`` lists them, after articles 6 and 7 of Council
Directive 2006/112/EC, its amendment by Directive (EU) 2019/475 (Campione d'Italia), and the VAT
Act 1994 for the Isle of Man; as of 1 January 2026. The United Kingdom's bases on Cyprus have no
country code of their own and are not told apart; nor are the lower rates of some Greek islands.

``initial_vat_rates.csv`` and ``initial_vat_territory_rates.csv`` only fill the table of rates at
first: from then on operators change them in the back office. As of 1 January 2026. Sources: the
European Commission's list of VAT rates applied in the member states (Taxes in Europe Database,
ec.europa.eu/taxation_customs/tedb) and gov.uk/vat-rates. ``reduced`` is one of a state's reduced
rates where it has several, and the standard rate where it has none. A country that is not listed
has no VAT.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).parent
NOWHERE = "none"
"""The territory of goods that go where no VAT of the table's area is due."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A country, or the part of it with postcodes from ``first`` to ``last`` or, where these are no
    numbers, that begin with ``first``; and whose rates are charged there."""

    country: str
    first: str
    last: str
    territory: str
    name: str

    def holds(self, postcode: str) -> bool:
        """Whether an address with that postcode lies in it."""
        if not self.first:
            return True
        sane = re.sub(r"[\s-]", "", postcode).upper()
        if not self.first.isdigit():
            return sane.startswith(self.first)
        # Some write the country before it: FI-22100, D-78266.
        digits = sane.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        return (
            _is_long_enough(digits, self) and self.first <= digits[: len(self.first)] <= self.last
        )


def territory(country: str, postcode: str) -> str:
    """Whose rates are charged at an address: a country's code, a territory's, or ``NOWHERE``."""
    for part in _parts().get(country, ()):
        if part.holds(postcode):
            return part.territory or NOWHERE
    return country


def starting_rates() -> Iterator[tuple[str, str, Decimal]]:
    """``(country, tax class, percent)`` of every country's rates in the file."""
    return _rates("initial_vat_rates.csv", "country")


def starting_territory_rates() -> Iterator[tuple[str, str, Decimal]]:
    """The same of territories within countries."""
    return _rates("initial_vat_territory_rates.csv", "territory")


def _rates(file: str, place: str) -> Iterator[tuple[str, str, Decimal]]:
    for row in _table(file):
        yield row[place], row["tax_class"], Decimal(row["percent"])


@functools.cache
def _parts() -> dict[str, list[Part]]:
    parts: dict[str, list[Part]] = {}
    for row in _table("vat_territories.csv"):
        first, _, last = row["postcodes"].partition("-")
        part = Part(
            country=row["country"],
            first=first,
            last=last or first,
            territory=row["territory"],
            name=row["name"],
        )
        parts.setdefault(part.country, []).append(part)
    return parts


def _is_long_enough(digits: str, part: Part) -> bool:
    # Three digits are the Faroes', which else would be the beginning of a Danish postcode.
    return digits.isdigit() and (len(digits) == 3 if len(part.first) == 3 else len(digits) > 3)


def _table(name: str) -> Iterator[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
