"""What must always hold of numbers, documents and their lines.

Sums are rounded to the penny: SQLite adds up decimals as floating-point numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DecimalField,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce, Round

from apps.invoice.models import Document, DocumentLine, NumberSeries
from apps.invoice.numbers import Number
from extract.audit import Row, invariant

MONEY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=20, decimal_places=2)


@invariant("Document numbers are unique.", app="invoice")
def numbers_unique() -> Iterator[Row]:
    """Numbers that several documents have, and numbers that are not their series' and sequence."""
    by_number = Document.objects.order_by().values("number")
    yield from by_number.annotate(documents=Count("pk")).filter(documents__gt=1).iterator()
    rows = Document.objects.order_by().values_list("pk", "number", "series", "sequence")
    for pk, number, series, sequence in rows.iterator():
        if number != str(Number(series=series, sequence=sequence)):
            yield {"document": pk, "number": number, "series": series, "sequence": sequence}


@invariant("Each series of numbers is gapless, from 1 to its counter.", app="invoice")
def numbers_gapless() -> Iterator[Row]:
    """Series that start late, have a hole, or whose counter is not their last number."""
    # In one statement, so that nothing is issued between reading counters and documents.
    counted = NumberSeries.objects.annotate(
        first=_of_series(Min("sequence")),
        highest=_of_series(Max("sequence")),
        numbers=_of_series(Count("sequence", distinct=True)),
    )
    unbroken = Q(first=1, highest=F("last"), numbers=F("last")) | Q(last=0, numbers=None)
    for series in counted.exclude(unbroken):
        yield {
            "series": series.name,
            "first": series.first,
            "last": series.highest,
            "numbers": series.numbers,
            "counter": series.last,
        }
    counters = NumberSeries.objects.filter(name=OuterRef("series"))
    uncounted = Document.objects.filter(~Exists(counters)).order_by()
    yield from uncounted.values("series").annotate(numbers=Count("pk"), last=Max("sequence"))


@invariant("A document's total is the sum of its lines and their VAT.", app="invoice")
def totals_add_up() -> Iterator[Row]:
    """Documents whose amounts are not those of their lines."""
    summed = Document.objects.annotate(lines_net=_of_lines("net"), lines_vat=_of_lines("vat"))
    wrong = summed.filter(
        ~Q(net=F("lines_net")) | ~Q(vat=F("lines_vat")) | ~Q(total=_pennies(F("net") + F("vat")))
    )
    for document in wrong.iterator():
        yield {
            "document": document.number,
            "net": document.net,
            "vat": document.vat,
            "total": document.total,
            "lines_net": document.lines_net,
            "lines_vat": document.lines_vat,
        }


@invariant(
    "Credit notes correct an invoice of their order, by no more than its total.", app="invoice"
)
def credits_within_invoices() -> Iterator[Row]:
    """Credit notes without their order's invoice, and invoices credited beyond their total."""
    notes = Document.objects.filter(kind=Document.Kind.CREDIT_NOTE)
    stray = notes.filter(
        Q(invoice=None) | ~Q(invoice__order=F("order")) | ~Q(invoice__kind=Document.Kind.INVOICE)
    )
    for note in stray.iterator():
        yield {"document": note.number, "order": note.order, "invoice": note.invoice_id}
    credited = Document.objects.annotate(credited=_pennies(Sum("credit_notes__total")))
    for invoice in credited.filter(credited__gt=F("total")).iterator():
        yield {
            "invoice": invoice.number,
            "total": invoice.total,
            "credited": invoice.credited,
        }


def _of_series(measure: Aggregate) -> Subquery:
    """``measure`` over the documents of the outer query's series; None where there are none."""
    documents = Document.objects.filter(series=OuterRef("name")).order_by()
    return Subquery(documents.values("series").annotate(found=measure).values("found"))


def _pennies(amount: Any) -> Round:
    return Round(amount, precision=2, output_field=MONEY)


def _of_lines(amount: str) -> Round:
    lines: QuerySet[DocumentLine] = DocumentLine.objects.filter(document=OuterRef("pk")).order_by()
    summed = lines.values("document").annotate(sum=Sum(amount)).values("sum")
    return _pennies(Coalesce(Subquery(summed), Decimal("0.00"), output_field=MONEY))
