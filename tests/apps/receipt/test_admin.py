"""Operators find receipts and send them again, after being asked."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from apps.receipt.models import Receipt, Resend
from extract.data import owned
from extract.event import background
from extract.event.handling import finish_due
from extract.event.models import InboxEvent
from extract.event.relay import Relay
from extract.event.transport import InProcess
from shop.accounts.models import User
from tests.apps.receipt.mailserver import MailServer, mail_server
from tests.apps.receipt.news import hurry, mails, pay, receipt_for
from tests.apps.receipt.news import resend as ask_again
from tests.planting import change

pytestmark = pytest.mark.usefixtures("database")

MANY = 1500
"""More than a form may have fields, which are a thousand."""
LIST = "/admin/receipt/receipt/"
REFRESH = "data-looks-again"


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_user("operator@example.com", is_staff=True))
    return client


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server(settings) as server:
        yield server


def resend(operator: Client, *receipts: Receipt) -> str:
    """Choose the action, confirm it, and read the page that follows."""
    form = confirmation_form(chosen(operator, *receipts))
    return operator.post(LIST, form, follow=True).content.decode()


def chosen(operator: Client, *receipts: Receipt, **more: str) -> str:
    """The page that the action shows first."""
    form = {"action": "resend", "_selected_action": [str(each.pk) for each in receipts], **more}
    return operator.post(LIST, form).content.decode()


def confirmation_form(page: str) -> dict[str, list[str]]:
    """What that page sends when it is confirmed."""
    form: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page):
        form.setdefault(name, []).append(value)
    assert "confirmation" in form, page
    return form


def progress(operator: Client) -> str:
    """The progress page of the only batch."""
    (batch,) = Resend.objects.order_by().values_list("batch", flat=True).distinct()
    return operator.get(f"{LIST}resends/{batch}/").content.decode()


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
    assert "under the Message-ID" in chosen(operator, receipt)
    assert len(mails()) == 1


def test_confirmed_it_is_sent_again_under_its_message_id(operator: Client, binding: str) -> None:
    receipt = receipt_for(pay())
    page = resend(operator, receipt)
    assert "0 of 1 done" in page
    assert len(mails()) == 1, "nothing is mailed while the operator waits"
    background.drain()
    assert "1 of 1 done" in progress(operator)
    assert [mail["Message-ID"] for mail in mails()] == [receipt.message_id] * 2
    assert Resend.objects.get().asked_by == "operator@example.com"


def test_a_suppressed_one_is_not_and_the_others_are(operator: Client) -> None:
    silent, sent = receipt_for(pay(silent=True)), receipt_for(pay())
    page = resend(operator, silent, sent)
    assert f"The receipt of {silent.document} is suppressed" in page
    assert "0 of 1 done" in page
    background.drain()
    assert len(mails()) == 2


def test_suppressed_ones_alone_ask_for_nothing(operator: Client) -> None:
    page = resend(operator, *(receipt_for(pay(silent=True)) for _ in range(5)))
    assert page.count("is suppressed: ") == 3
    assert "2 more are suppressed too." in page
    assert not Resend.objects.exists()


def test_fifty_are_sent_again_while_one_watches(operator: Client) -> None:
    receipts = [receipt_for(pay()) for _ in range(50)]
    page = resend(operator, *receipts)
    assert "0 of 50 done" in page
    assert REFRESH in page
    Relay("receipt", InProcess()).run()
    finish_due("receipt", limit=20)
    halfway = progress(operator)
    assert "20 of 50 done" in halfway
    assert re.search(r'<progress [^>]*max="50" value="20"', halfway)
    assert REFRESH in halfway
    background.drain()
    end = progress(operator)
    assert "50 of 50 done" in end
    assert REFRESH not in end
    ids = Counter(mail["Message-ID"] for mail in mails())
    assert ids == {receipt.message_id: 2 for receipt in receipts}


def test_all_of_a_long_list_are_asked_for_at_once(operator: Client) -> None:
    paid = receipt_for(pay())
    with owned("receipt"):
        for number in range(MANY):
            paid.pk, paid.message_id = uuid.uuid4(), f"<{number}@mails.example>"
            paid.save(force_insert=True)
    asked = chosen(operator, paid, select_across="1")
    form = confirmation_form(asked)
    assert "and 1401 more, 1501 in all" in asked
    assert f"0 of {MANY + 1} done" in operator.post(LIST, form, follow=True).content.decode()


def test_all_of_a_list_that_has_changed_since_are_asked_for_once_more(operator: Client) -> None:
    form = confirmation_form(chosen(operator, receipt_for(pay()), select_across="1"))
    receipt_for(pay())
    page = operator.post(LIST, form, follow=True).content.decode()
    assert "has changed since you were asked" in page
    assert not Resend.objects.exists()
    again = confirmation_form(page)
    assert "0 of 2 done" in operator.post(LIST, again, follow=True).content.decode()


def test_a_double_click_sends_once(operator: Client, together: Callable[..., list[Any]]) -> None:
    receipts = [receipt_for(pay()) for _ in range(3)]
    form = confirmation_form(chosen(operator, *receipts))

    def click(number: int) -> str:
        browser = Client()
        browser.cookies = operator.cookies
        answer = browser.post(LIST, form)
        assert answer.status_code == 302
        return str(answer["Location"])

    assert len(set(together(click, 2))) == 1
    click(3)
    background.drain()
    assert len(mails()) == 6
    assert not InboxEvent.objects.using("receipt").exclude(state="done").exists()
    assert "3 of 3 done" in progress(operator)


def test_confirming_another_time_sends_another_time(operator: Client) -> None:
    receipt = receipt_for(pay())
    for _ in range(2):
        resend(operator, receipt)
    background.drain()
    assert len(mails()) == 3


def test_one_that_cannot_be_sent_is_told_and_stops_no_other(operator: Client) -> None:
    bad, *good = (receipt_for(pay(email=email)) for email in ("no address", *["a@b.example"] * 9))
    resend(operator, bad, *good)
    background.drain()
    page = progress(operator)
    assert "10 of 10 done" in page
    assert REFRESH not in page
    assert re.search(rf"{bad.document}.*Failed.*no e-mail address", page, re.S)
    assert len(mails()) == 18
    assert Resend.objects.get(receipt=bad).status == "failed"


def test_one_that_fails_for_now_is_tried_again(operator: Client, server: MailServer) -> None:
    late, other = receipt_for(pay(email="late@example.com")), receipt_for(pay())
    server.answers["RCPT TO:<LATE@"] = "451 not now"
    resend(operator, late, other)
    background.drain()
    page = progress(operator)
    assert "1 of 2 done" in page
    assert REFRESH in page
    assert re.search(rf"{late.document}.*To be tried again.*451", page, re.S)
    server.answers.clear()
    hurry()
    page = progress(operator)
    assert "2 of 2 done" in page
    assert "451" not in page
    assert len(server.taken) == 4


def test_one_refused_for_good_is_failed(operator: Client, server: MailServer) -> None:
    receipt = receipt_for(pay())
    server.answers["RCPT"] = "550 nobody here"
    resend(operator, receipt)
    background.drain()
    assert "550 nobody here" in progress(operator)
    server.answers.clear()
    hurry()
    assert len(server.taken) == 1, "it is tried once"


@pytest.mark.parametrize("fate", ["retried", "discarded"])
def test_a_dead_letter_is_told_until_somebody_decides(
    operator: Client, server: MailServer, settings: Any, fate: str
) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 2
    receipt = receipt_for(pay())
    server.answers["RCPT"] = "451 not now"
    resend(operator, receipt)
    background.drain()
    hurry()
    page = progress(operator)
    assert re.search(rf"{receipt.document}.*Given up.*451", page, re.S)
    assert REFRESH not in page

    server.answers.clear()
    dead = InboxEvent.objects.using("receipt").filter(state="dead")
    if fate == "discarded":
        change(dead, state="discarded")
        assert "Given up" in progress(operator)
        return
    change(dead, state="waiting", attempts=0, done_at=None)
    assert REFRESH in progress(operator)
    hurry()
    assert "Given up" not in progress(operator)
    assert len(server.taken) == 2


def test_progress_is_for_who_may_see_receipts(client: Client, settings: Any) -> None:
    batch = ask_again(pay())
    url = f"{LIST}resends/{batch}/"
    assert client.get(url).status_code == 302
    client.force_login(User.objects.create_user("ada@example.com"))
    assert client.get(url).status_code == 302
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    client.force_login(User.objects.create_user("operator@example.com", is_staff=True))
    assert client.get(url).status_code == 403


def test_no_progress_of_an_unknown_batch(operator: Client) -> None:
    assert operator.get(f"{LIST}resends/{uuid.uuid4()}/").status_code == 404
    assert operator.get(f"{LIST}resends/nonsense/").status_code == 302  # Django: no such receipt


def test_what_was_asked_for_is_found_later(operator: Client) -> None:
    paid = pay()
    batch = ask_again(paid)
    page = operator.get("/admin/receipt/resend/", {"q": receipt_for(paid).document})
    assert f"{LIST}resends/{batch}/" in page.content.decode()


def test_nobody_changes_or_deletes_a_receipt(operator: Client) -> None:
    receipt = receipt_for(pay())
    assert operator.post(f"{LIST}{receipt.pk}/change/", {"email": "x@y.z"}).status_code == 403
    assert operator.post(f"{LIST}{receipt.pk}/delete/").status_code == 403
    assert operator.get(f"{LIST}{receipt.pk}/change/").status_code == 200
