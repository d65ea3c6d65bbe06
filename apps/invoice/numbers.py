"""Document numbers: one series per kind and year, counted by a row that stays locked."""

from __future__ import annotations

from datetime import date

import msgspec
from django.db import connections, router

from apps.invoice.models import Document, NumberSeries

PREFIX = {Document.Kind.INVOICE: "", Document.Kind.CREDIT_NOTE: "CN"}


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """The ``sequence``-th number of ``series``, counted from 1."""

    series: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.series}-{self.sequence:06d}"


def series_of(kind: Document.Kind, day: date) -> str:
    """``2026`` for the invoices of that year, ``CN2026`` for its credit notes."""
    return f"{PREFIX[kind]}{day.year}"


def take_number(kind: Document.Kind, *, day: date) -> Number:
    """The next number of its series; given back if the transaction fails, so no gap is left.

    Others that want a number of the series wait for our commit. Raises ``OutsideDoor``
    outside ``owned("invoice")``.
    """
    series = series_of(kind, day)
    # One statement makes, counts and locks the row, so that there is no race for a year's first.
    with connections[router.db_for_write(NumberSeries)].cursor() as cursor:
        cursor.execute(
            "INSERT INTO invoice_numberseries (name, last) VALUES (%s, 1) "
            "ON CONFLICT (name) DO UPDATE SET last = invoice_numberseries.last + 1 "
            "RETURNING last",
            [series],
        )
        (sequence,) = cursor.fetchone()
    return Number(series=series, sequence=sequence)
