"""What stands in the PDF, and that nothing of what a person typed is taken for Typst."""

from __future__ import annotations

import re
import uuid
from typing import Any

import msgspec
import pytest
from django.conf import settings as shop
from hypothesis import HealthCheck, example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from tests.apps.invoice.documents import ADA, invoice, issue, line, pdf_of, text_of

# What is printed does not depend on where it is kept.
pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.sqlite]

MARKUP = [
    '#panic() #{1+1} #import "x.typ": y',
    "*strong* _emph_ `raw` $x^2$ = heading",
    "// no comment /* nor this */ <label> @ref",
    "\\ \\u{1F600} ~ -- --- ... 'quoted' \"quoted\"",
    "<script>alert(1)</script> &amp; {{ 7*7 }}",
]


def test_an_invoice_says_what_a_bookkeeper_asks_for() -> None:
    number = issue(
        lines=(line("Copper lantern"), line("Tea towel", sku="61002", quantity=1200, rate="5"))
    ).number
    text = text_of(number)
    for words in (
        shop.SELLER["name"],
        shop.SELLER["postcode"],
        f"VAT number {shop.SELLER['vat_number']}",
        f"Company number {shop.SELLER['company_number']}",
        "Ada Lovelace",
        "12 St James's Square",
        "United Kingdom",
        f"Invoice number {number}",
        "Issue date",
        "Supply date (tax point) 5 March 2026",
        "61001 Copper lantern 2 12.50 25.00 20 % 5.00",
        "61002 Tea towel 1,200 12.50 15,000.00 5 % 750.00",
        "20 % 25.00 5.00 30.00",
        "5 % 15,000.00 750.00 15,750.00",
        "Net 15,025.00",
        "VAT 755.00",
        "Total (GBP) 15,780.00",
        "Paid: GBP 15,780.00",
        "Page 1 of 1",
    ):
        assert words in text


def test_a_credit_note_names_its_invoice() -> None:
    order = uuid.uuid4()
    number = issue(order).number
    text = text_of(invoice.credit(refund=uuid.uuid4(), order=order, lines=(line(),)).number)
    assert "Credit note number CN" in text
    assert f"Corrects invoice {number}" in text
    assert "Total credited (GBP) 30.00" in text
    assert "Paid:" not in text


def test_the_file_is_titled_tagged_and_archival() -> None:
    number = issue().number
    pdf = pdf_of(number)
    assert pdf.metadata is not None
    assert pdf.metadata.title == f"Invoice {number}"
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert pdf.trailer["/Root"]["/Lang"] == "en-GB"
    xmp = pdf.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "pdfaid:part" in xmp
    assert "pdfuaid:part" in xmp
    assert invoice.pdf(number=number).filename == f"{number}.pdf"


def test_it_stays_as_it_was_first_made(settings: Any) -> None:
    number = issue(with_pdf=True).number
    first = invoice.pdf(number=number).content
    settings.SELLER = {**settings.SELLER, "name": "A New Owner Ltd"}
    assert invoice.pdf(number=number).content == first
    assert "A New Owner Ltd" in text_of(issue().number)


def test_a_long_invoice_repeats_its_header_on_every_page() -> None:
    lines = tuple(line(f"Thing {number}", sku=f"S{number:05}") for number in range(300))
    pages = [page.extract_text() for page in pdf_of(issue(lines=lines).number).pages]
    assert len(pages) > 5
    for number, page in enumerate(pages, start=1):
        assert "Unit price" in page
        assert f"Page {number} of {len(pages)}" in page
    assert all(f"S{number:05}" in "".join(pages) for number in range(300))
    assert "Total (GBP)" in pages[-1]


@pytest.mark.parametrize("text", MARKUP)
def test_markup_is_shown_as_it_was_typed(text: str) -> None:
    number = issue(buyer=msgspec.structs.replace(ADA, name=text), lines=(line(text),)).number
    assert text_of(number).count(" ".join(text.split())) == 2


def test_a_word_wider_than_its_column_is_broken() -> None:
    text = pdf_of(issue(lines=(line("U" * 120, sku="U" * 40),)).number).pages[0].extract_text()
    runs = re.findall("U{2,}", text)
    assert sum(map(len, runs)) == 160
    assert max(map(len, runs)) < 40


# Databases refuse NUL and lone surrogates as text, so they never come as far as a PDF.
printable = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=120)


@effort(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=printable, sku=printable.map(lambda text: text[:40]))
@example(name="0\xad", sku="2\xad")
@example(name="I\u200d\ufe0f", sku="2\u0301\u200b")
@example(name="\x1b\r\n\t\x7f", sku="\\")
@example(name="\u070d \u073b a" * 9, sku=" \u0301 \U0001f3fd")
@example(name="\ufffe\ufeff\u2028", sku='"')
def test_any_text_at_all_makes_a_pdf(name: str, sku: str) -> None:
    number = issue(buyer=msgspec.structs.replace(ADA, name=name), lines=(line(name, sku=sku),))
    assert f"Invoice number {number.number}" in text_of(number.number)
    assert "pdfaid:part" in str(pdf_of(number.number).trailer["/Root"]["/Metadata"].get_data())
