"""Numbers without gaps, and one document for each order and refund."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from apps.invoice import services
from apps.invoice.contract import UnknownInvoice
from apps.invoice.lines import LinesDoNotAddUp
from apps.invoice.models import Document, NumberSeries, RenderedPdf
from apps.invoice.numbers import take_number
from extract.call import OutcomeUnknown
from extract.data import OutsideDoor, owned
from tests.apps.invoice.documents import (
    ADA,
    SUPPLIED,
    invoice,
    issue,
    line,
    sequences,
)

pytestmark = pytest.mark.usefixtures("database")

Together = Callable[..., list[Any]]


def test_numbers_count_up_within_the_year_of_issue(binding: str) -> None:
    year = timezone.localdate().year
    assert [issue().number, issue().number] == [f"{year}-000001", f"{year}-000002"]


def test_each_year_begins_at_one() -> None:
    with owned("invoice"):
        taken = [
            str(take_number(Document.Kind.INVOICE, day=day))
            for day in (date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 2))
        ]
    assert taken == ["2026-000001", "2027-000001", "2027-000002"]


def test_a_number_is_taken_only_with_its_document() -> None:
    with pytest.raises(OutsideDoor):
        take_number(Document.Kind.INVOICE, day=date(2026, 1, 1))


def test_credit_notes_have_a_series_of_their_own() -> None:
    order = uuid.uuid4()
    issue(order)
    number = invoice.credit(refund=uuid.uuid4(), order=order, lines=(line(),)).number
    assert number == f"CN{timezone.localdate().year}-000001"
    assert re.fullmatch(r"[A-Z0-9-]+", number)


def test_an_order_has_one_invoice_however_often_it_is_asked_for(binding: str) -> None:
    order = uuid.uuid4()
    first, again = issue(order), issue(order)
    assert first == again
    assert sequences() == [1]


def test_a_refund_has_one_credit_note(binding: str) -> None:
    order, refund = uuid.uuid4(), uuid.uuid4()
    issue(order)
    notes = {invoice.credit(refund=refund, order=order, lines=(line(),)).number for _ in range(2)}
    assert len(notes) == 1
    assert sequences(Document.Kind.CREDIT_NOTE) == [1]


def test_a_credit_note_carries_over_who_and_when() -> None:
    order = uuid.uuid4()
    issued = issue(order, subject="a-subject")
    noted = invoice.credit(refund=uuid.uuid4(), order=order, lines=(line(),))
    note = Document.objects.select_related("invoice").get(number=noted.number)
    original = Document.objects.get(number=issued.number)
    assert note.invoice == original
    for field in ("buyer_name", "buyer_email", "subject", "access_hash", "currency", "supplied_at"):
        assert getattr(note, field) == getattr(original, field)


def test_credit_without_an_invoice_is_a_declared_error(binding: str) -> None:
    order = uuid.uuid4()
    with pytest.raises(UnknownInvoice) as caught:
        invoice.credit(refund=uuid.uuid4(), order=order, lines=(line(),))
    assert str(order) in str(caught.value)
    assert not NumberSeries.objects.exists()


def test_fifty_at_once_leave_no_gap(together: Together) -> None:
    found = together(lambda number: issue().number, 50)
    assert len(set(found)) == 50
    assert sequences() == list(range(1, 51))
    assert NumberSeries.objects.get().last == 50


def test_one_order_issued_fifty_times_at_once_has_one_number(together: Together) -> None:
    order = uuid.uuid4()
    found = together(lambda number: issue(order).number, 50)
    assert set(found) == {f"{timezone.localdate().year}-000001"}
    assert NumberSeries.objects.get().last == 1
    issue()
    assert sequences() == [1, 2]


def test_a_failed_transaction_gives_its_number_back() -> None:
    issue()
    with pytest.raises(RuntimeError):
        _issue_while_the_power_fails()
    issue()
    assert sequences() == [1, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        line(quantity=0, net=Decimal(0), vat=Decimal(0)),
        line(net=Decimal("24.99")),
        line(vat=Decimal("5.02")),
        line(unit_price=Decimal("12.505"), net=Decimal("25.01")),
        line(unit_price=Decimal("-12.50"), net=Decimal("-25.00"), vat=Decimal("-5.00")),
    ],
    ids=["no pieces", "net", "VAT", "half pennies", "negative"],
)
def test_lines_that_do_not_add_up_get_no_number(wrong: Any) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        issue(lines=(line(), wrong))
    assert isinstance(caught.value.__cause__, LinesDoNotAddUp)
    assert not NumberSeries.objects.exists()


def test_a_part_of_a_refunded_line_may_carry_the_odd_penny() -> None:
    order = uuid.uuid4()
    issue(order, lines=(line(quantity=3, price="0.99"),))
    odd = line(quantity=1, price="0.99", vat=Decimal("0.19"))
    assert invoice.credit(refund=uuid.uuid4(), order=order, lines=(odd,)).total == Decimal("1.18")


def test_totals_are_the_sums_of_the_lines() -> None:
    lines = (line(), line(rate="5", quantity=4), line(rate="0", quantity=1))
    issued = issue(lines=lines)
    document = Document.objects.get(number=issued.number)
    assert (document.net, document.vat) == (Decimal("87.50"), Decimal("7.50"))
    assert document.total == issued.total == Decimal("95.00")


def test_two_renderings_at_once_keep_one_pdf(together: Together) -> None:
    number = issue().number
    found = together(lambda _: invoice.pdf(number=number).content, 4)
    assert len(set(found)) == 1
    assert RenderedPdf.objects.count() == 1


def test_the_pdf_is_made_with_the_invoice_if_that_is_wanted() -> None:
    issue(with_pdf=False)
    assert not RenderedPdf.objects.exists()
    issue(with_pdf=True)
    assert RenderedPdf.objects.count() == 1


def test_the_pdf_of_an_unknown_number_is_a_declared_error(binding: str) -> None:
    with pytest.raises(UnknownInvoice):
        invoice.pdf(number="2026-999999")


def _issue_while_the_power_fails() -> None:
    with owned("invoice"):
        document = services.invoice_issue(
            order=uuid.uuid4(),
            subject="",
            access_hash="",
            buyer=ADA,
            currency="GBP",
            lines=(line(),),
            supplied_at=SUPPLIED,
        )
        assert document.sequence == 2
        raise RuntimeError("the power fails")
