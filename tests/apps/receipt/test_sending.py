"""Which receipts are mailed, how often, and what becomes of those that cannot be."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from apps.receipt.contract import ReceiptContract, ReceiptState
from apps.receipt.models import Receipt, Resend
from apps.receipt.services import NotSendable, receipt_send, resend_mail
from extract.call import handle
from extract.event import background
from extract.event.models import InboxEvent
from tests.apps.receipt.mailserver import MailServer, mail_server
from tests.apps.receipt.news import mails, pay, pay_back, receipt_for, resend, the_mail

pytestmark = pytest.mark.usefixtures("database")
receipts = handle(ReceiptContract)


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server(settings) as server:
        yield server


def test_its_state_is_told_once_the_event_is_there(binding: str) -> None:
    paid = pay(deliver=False)
    assert receipts.state(order=paid.order) is None
    background.drain()
    assert receipts.state(order=paid.order) == ReceiptState(
        order=paid.order, status="sent", message_id=receipt_for(paid).message_id
    )


@pytest.mark.parametrize("why", [{"silent": True}, {"email": ""}], ids=["replayed", "no address"])
def test_a_suppressed_receipt_is_never_mailed(why: dict[str, Any]) -> None:
    paid = pay(**why)
    pay_back(paid)
    assert set(Receipt.objects.values_list("status", flat=True)) == {"suppressed"}
    receipt_send(reference=paid.order)
    with pytest.raises(NotSendable):
        resend(paid)
    assert mails() == []
    assert receipt_for(paid).times_sent == 0


def test_what_was_sent_is_not_sent_again_by_itself() -> None:
    paid = pay()
    receipt_send(reference=paid.order)
    background.drain()
    assert len(mails()) == 1


def test_sent_again_on_demand_it_keeps_its_message_id() -> None:
    paid = pay()
    resend(paid)
    first, second = mails()
    assert first["Message-ID"] == second["Message-ID"]
    assert receipt_for(paid).times_sent == 2


def test_the_work_of_resending_is_done_once_however_often_it_is_delivered() -> None:
    batch = resend(pay())
    resend_mail(resend=Resend.objects.get(batch=batch).pk)
    assert len(mails()) == 2


def test_a_mail_server_that_is_away_is_tried_again(server: MailServer) -> None:
    server.answers["RCPT"] = "451 not now"
    paid = pay()
    receipt = receipt_for(paid)
    assert (receipt.status, receipt.sent_at) == ("queued", None)
    assert "451" in receipt.last_error
    assert InboxEvent.objects.using("receipt").get().state == InboxEvent.State.WAITING

    server.answers.clear()
    _drain_until_sent(paid.order)
    assert len(server.taken) == 1
    receipt.refresh_from_db()
    assert (receipt.status, receipt.times_sent, receipt.last_error) == ("sent", 1, "")


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_a_refused_recipient_is_given_up(server: MailServer, command: str) -> None:
    server.answers[command] = "550 nobody here"
    paid = pay()
    receipt = receipt_for(paid)
    assert receipt.status == "failed"
    assert "550 nobody here" in receipt.last_error
    assert InboxEvent.objects.using("receipt").get().state == InboxEvent.State.DONE
    assert server.taken == []


def test_a_sender_that_is_refused_is_for_the_operator_to_mend(server: MailServer) -> None:
    server.answers["MAIL"] = "550 not from you"
    assert receipt_for(pay()).status == "queued"


def test_what_was_given_up_may_be_sent_by_hand(server: MailServer) -> None:
    server.answers["RCPT"] = "550 mailbox full"
    paid = pay()
    server.answers.clear()
    resend(paid)
    assert receipt_for(paid).status == "sent"
    (mail,) = server.taken
    assert re.search(rb"^Message-ID: (.*)\r$", mail, re.M | re.I)[1].decode() == (
        receipt_for(paid).message_id
    )


def test_a_refund_of_a_silent_order_is_silent_too() -> None:
    pay_back(pay(silent=True))
    assert mails() == []


def test_the_refund_opens_with_the_orders_token() -> None:
    paid = pay()
    refunded = pay_back(paid)
    assert Receipt.objects.get(pk=refunded.refund).access_hash == paid.access_hash


def _drain_until_sent(order: Any) -> None:
    until = time.monotonic() + 20
    while Receipt.objects.get(pk=order).status != "sent":
        assert time.monotonic() < until
        background.drain()


def test_the_only_mail_goes_to_the_buyer() -> None:
    pay(email="grace@example.com")
    assert the_mail()["To"] == "grace@example.com"
