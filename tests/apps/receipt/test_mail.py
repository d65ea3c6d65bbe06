"""What a receipt's mail says and carries, and that nothing typed by a buyer changes its shape."""

from __future__ import annotations

import io
import uuid

import pypdf
import pytest
from django.conf import settings as shop

from apps.payment.access import token
from tests.apps.receipt.news import body, mails, pay, pay_back, receipt_for, the_mail

pytestmark = pytest.mark.usefixtures("database")


def test_a_paid_order_is_confirmed_by_mail(binding: str) -> None:
    paid = pay()
    mail = the_mail()
    assert mail["To"] == "ada@example.com"
    assert paid.invoice in mail["Subject"]
    for kind in ("plain", "html"):
        for words in ("Ada Lovelace", "30.00 GBP", paid.invoice, str(paid.order)):
            assert words in body(mail, kind)
    assert receipt_for(paid).status == "sent"
    assert receipt_for(paid).times_sent == 1


def test_the_invoice_is_attached() -> None:
    paid = pay()
    (attachment,) = the_mail().iter_attachments()
    assert attachment.get_content_type() == "application/pdf"
    assert attachment.get_filename() == f"{paid.invoice}.pdf"
    pdf = pypdf.PdfReader(io.BytesIO(attachment.get_content()))
    assert f"Invoice number {paid.invoice}" in " ".join(pdf.pages[0].extract_text().split())


def test_the_message_id_is_that_of_the_receipt() -> None:
    paid = pay()
    assert the_mail()["Message-ID"] == receipt_for(paid).message_id
    assert str(paid.order) in receipt_for(paid).message_id


def test_a_guests_mail_opens_the_order() -> None:
    paid = pay()
    link = f"{shop.BASE_URL}/orders/{paid.order}/?access={token(paid.order)}"
    for kind in ("plain", "html"):
        assert link in body(the_mail(), kind)


def test_a_customers_mail_holds_no_token() -> None:
    paid = pay(subject=str(uuid.uuid4()))
    for kind in ("plain", "html"):
        assert f"{shop.BASE_URL}/orders/{paid.order}/" in body(the_mail(), kind)
        assert "access=" not in body(the_mail(), kind)


def test_a_refund_has_a_mail_of_its_own() -> None:
    paid = pay()
    refunded = pay_back(paid)
    first, second = mails()
    assert second["Message-ID"] != first["Message-ID"]
    assert refunded.credit_note in second["Subject"]
    (attachment,) = second.iter_attachments()
    assert attachment.get_filename() == f"{refunded.credit_note}.pdf"


def test_markup_in_a_name_is_text() -> None:
    pay(name="<script>alert('x')</script> & {{ shop }} {% now %}")
    mail = the_mail()
    assert "<script>" not in body(mail, "html")
    assert "&lt;script&gt;" in body(mail, "html")
    assert "<script>alert('x')</script> & {{ shop }} {% now %}" in body(mail, "plain")


@pytest.mark.parametrize(
    "name",
    ["Ada\r\nBcc: eve@example.com", "Ada\n\nPay at http://evil.example", "Ada\u2028x\x0b"],
)
def test_line_breaks_in_a_name_stay_within_the_line(name: str) -> None:
    pay(name=name)
    mail = the_mail()
    assert mail["Bcc"] is None
    greeting = body(mail, "plain").splitlines()[0]
    assert greeting == f"Hello {' '.join(name.split())},"


@pytest.mark.parametrize(
    "email",
    [
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com\n",
        "ada@example.com, eve@example.com",
        "Ada <ada@example.com>",
        "no address",
    ],
)
def test_an_address_that_is_none_gets_no_mail(email: str) -> None:
    paid = pay(email=email)
    assert mails() == []
    assert receipt_for(paid).status == "failed"
    assert "is no e-mail address" in receipt_for(paid).last_error
