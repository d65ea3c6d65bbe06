"""The VAT rates that the shop starts with; operators change them in the back office.

As of 1 January 2026. Sources: the European Commission's list of VAT rates applied in the
member states (Taxes in Europe Database, ec.europa.eu/taxation_customs/tedb) and gov.uk/vat-rates.
``reduced`` is one of a state's reduced rates where it has several, and the standard rate
where it has none. A country that is not listed has no VAT.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

FILE = Path(__file__).with_name("vat_rates.csv")


def starting_rates() -> Iterator[tuple[str, str, Decimal]]:
    """``(country, tax class, percent)`` of every rate in the file."""
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["country"], row["tax_class"], Decimal(row["percent"])
