"""Each invariant of invoice holds, and finds a breach that is planted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal

import pytest

from apps.invoice.models import Document, DocumentLine, NumberSeries
from tests.apps.invoice.documents import invoice, issue, line
from tests.planting import change, remove, rows_breaking

pytestmark = pytest.mark.usefixtures("database")

GAPLESS = "Each series of numbers is gapless, from 1 to its counter."
UNIQUE = "Document numbers are unique."
TOTALS = "A document's total is the sum of its lines and their VAT."
CREDITS = "Credit notes correct an invoice of their order, by no more than its total."


@pytest.fixture(autouse=True)
def documents(database: None) -> None:
    """Three invoices, and a credit note against one."""
    order = uuid.uuid4()
    for each in (uuid.uuid4(), order, uuid.uuid4()):
        issue(each, lines=(line(), line(rate="5")))
    invoice.credit(refund=uuid.uuid4(), order=order, lines=(line(),))


def test_they_hold() -> None:
    for sentence in (GAPLESS, UNIQUE, TOTALS, CREDITS):
        assert rows_breaking(sentence) == []


@pytest.mark.parametrize(
    "plant",
    [
        lambda: remove(Document.objects.filter(sequence=3)),
        lambda: change(NumberSeries.objects.filter(name__startswith="2"), last=9),
        lambda: change(Document.objects.filter(sequence=3), sequence=4),
        lambda: remove(NumberSeries.objects.filter(name__startswith="CN")),
    ],
    ids=["document lost", "counter ahead", "number skipped", "counter lost"],
)
def test_a_gap_is_found(plant: Callable[[], None]) -> None:
    plant()
    assert rows_breaking(GAPLESS)


def test_a_number_given_twice_is_found() -> None:
    change(Document.objects.filter(sequence=3), number="2026-7")
    assert rows_breaking(UNIQUE)


@pytest.mark.parametrize("field", ["net", "vat", "total"])
def test_a_document_that_does_not_add_up_is_found(field: str) -> None:
    change(Document.objects.filter(sequence=2), **{field: Decimal("1.00")})
    assert rows_breaking(TOTALS)


def test_a_changed_line_is_found() -> None:
    change(DocumentLine.objects.filter(document__sequence=3), net=Decimal("0.01"))
    assert rows_breaking(TOTALS)


def test_credit_beyond_the_invoice_is_found() -> None:
    change(Document.objects.filter(kind="credit note"), total=Decimal("1000.00"))
    assert rows_breaking(CREDITS)


def test_a_credit_note_of_another_order_is_found() -> None:
    change(Document.objects.filter(kind="credit note"), order=uuid.uuid4())
    assert rows_breaking(CREDITS)
