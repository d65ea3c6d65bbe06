"""Operators find receipts and send them again, after being asked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from apps.receipt.models import Receipt
from tests.apps.receipt.mailserver import mail_server
from tests.apps.receipt.news import mails, pay, receipt_for

pytestmark = pytest.mark.usefixtures("database")

LIST = "/admin/receipt/receipt/"


@pytest.fixture
def operator(client: Client) -> Client:
    from shop.accounts.models import User

    client.force_login(User.objects.create_user("operator@example.com", is_staff=True))
    return client


def resend(operator: Client, *receipts: Receipt, confirmed: bool = True) -> str:
    """Choose the action, confirm it, and read the page that follows."""
    chosen = {"action": "resend", "_selected_action": [str(each.pk) for each in receipts]}
    asked = operator.post(LIST, chosen).content.decode()
    if not confirmed:
        return asked
    found = re.search(r'name="confirmation" value="([^"]+)"', asked)
    assert found, asked
    return operator.post(LIST, {**chosen, "confirmation": found[1]}, follow=True).content.decode()


@pytest.mark.parametrize("query", ["{0.document}", "ada@", "{0.message_id}", "{0.order}"])
def test_a_receipt_is_found(operator: Client, query: str) -> None:
    receipt = receipt_for(pay())
    page = operator.get(LIST, {"q": query.format(receipt)}).content.decode()
    assert receipt.document in page


def test_receipts_are_filtered_by_status(operator: Client) -> None:
    sent, silent = receipt_for(pay()), receipt_for(pay(silent=True))
    page = operator.get(LIST, {"status__exact": "suppressed"}).content.decode()
    assert silent.document in page
    assert sent.document not in page


def test_sending_again_is_asked_first(operator: Client) -> None:
    receipt = receipt_for(pay())
    assert "under the Message-ID" in resend(operator, receipt, confirmed=False)
    assert len(mails()) == 1


def test_confirmed_it_is_sent_again_under_its_message_id(operator: Client, binding: str) -> None:
    receipt = receipt_for(pay())
    assert "Sent again: 1." in resend(operator, receipt)
    assert [mail["Message-ID"] for mail in mails()] == [receipt.message_id] * 2


def test_a_suppressed_one_is_not_and_the_others_are(operator: Client) -> None:
    silent, sent = receipt_for(pay(silent=True)), receipt_for(pay())
    page = resend(operator, silent, sent)
    assert "suppressed" in page
    assert "Sent again: 1." in page
    assert len(mails()) == 2


def test_a_failure_is_told(operator: Client, settings: Any) -> None:
    receipt = receipt_for(pay())
    with mail_server(settings) as server:
        server.answers["RCPT"] = "550 nobody here"
        assert "550 nobody here" in resend(operator, receipt)


def test_nobody_changes_or_deletes_a_receipt(operator: Client) -> None:
    receipt = receipt_for(pay())
    assert operator.post(f"{LIST}{receipt.pk}/change/", {"email": "x@y.z"}).status_code == 403
    assert operator.post(f"{LIST}{receipt.pk}/delete/").status_code == 403
    assert operator.get(f"{LIST}{receipt.pk}/change/").status_code == 200
