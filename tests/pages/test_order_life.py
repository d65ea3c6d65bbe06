"""The order's page: what happened to it in every app, in time order, and what can be done."""

from __future__ import annotations

import re
import uuid
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connections
from django.test import Client
from django.utils import timezone

from apps.payment.models import Order
from apps.receipt.models import Receipt, Resend
from extract.data import owned
from extract.event.models import InboxEvent, OutboxEvent
from extract.saga.models import SagaRun
from shop.accounts.models import User
from tests.planting import change, open_shop

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """One that was paid and partly paid back."""
    return open_shop(tmp_path)


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_user("op@example.com", "x", is_staff=True))
    return client


def page_of(client: Client, order: Order) -> str:
    answer = client.get(f"/admin/payment/order/{order.pk}/change/")
    assert answer.status_code == 200
    return answer.content.decode()


def steps(page: str) -> list[tuple[str, str, str]]:
    """When, what, and where it leads."""
    life = page[page.index('id="life"') : page.index("</section>")]
    found = re.findall(r'datetime="([^"]+)".*?href="([^"]+)">([^<]+)<', life)
    return [(when, unescape(what), link) for when, link, what in found]


def deeds(page: str) -> dict[str, dict[str, str]]:
    """The forms by what stands on their buttons."""
    found: dict[str, dict[str, str]] = {}
    for url, form in re.findall(
        r'<form method="post" action="([^"]+)">(.*?)</form>', page, re.DOTALL
    ):
        if label := re.search(r'<button class="deed" type="submit">([^<]+)<', form):
            fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
            found[unescape(label[1])] = {"url": url, **fields}
    return found


def arrived(order: Order, state: str) -> InboxEvent:
    with owned("receipt"):
        return InboxEvent.objects.using("receipt").create(
            consumer="receipt", type="payment.OrderClaimed", version=1, aggregate=str(order.pk),
            sequence=9, occurred_at=timezone.now(), correlation_id="request-7", payload="{}",
            state=state, last_error="Broken: no ink",
        )  # fmt: skip


def sent(order: Order) -> Receipt:
    receipt = Receipt.objects.get(order=order.pk, kind="payment")
    as_sent = {"status": "sent", "email": "ada@example.com", "sent_at": timezone.now()}
    change(Receipt.objects.filter(pk=receipt.pk), **as_sent)
    return receipt


def test_every_app_tells_what_it_knows_in_time_order(operator: Client, order: Order) -> None:
    mail = sent(order)
    with owned("receipt"):
        Resend.objects.create(batch=uuid.uuid4(), receipt=mail, asked_by="op@example.com")
    told = steps(page_of(operator, order))
    assert [when for when, _, _ in told] == sorted(when for when, _, _ in told)
    said = " | ".join(what for _, what, _ in told)
    for what in (
        "Order placed",
        "Checkout finished",
        "Stock sold",
        "Charged ",
        "Refund of ",
        f"Invoice {order.invoice_number}",
        "Credit note ",
        f"Mail about {order.invoice_number}: sent",
        f"Mail about {order.invoice_number} asked for again by op@example.com",
        "payment.OrderPaid at receipt: done",
        "payment.OrderRefunded at receipt: done",
    ):
        assert what in said
    for link in {link for _, _, link in told}:
        assert operator.get(link).status_code == 200


def test_another_orders_life_is_not_told(operator: Client, order: Order) -> None:
    other = Order.objects.exclude(pk=order.pk).get()
    told = " | ".join(what for _, what, _ in steps(page_of(operator, other)))
    assert other.invoice_number in told
    assert order.invoice_number not in told
    assert "Refund of" not in told


def test_what_waits_and_what_went_wrong_is_said(operator: Client, order: Order) -> None:
    arrived(order, "waiting")
    with owned("payment"):
        OutboxEvent.objects.using("payment").create(
            type="payment.OrderPaid", version=1, aggregate=str(order.pk), sequence=8,
            occurred_at=timezone.now(), correlation_id="x", payload="{}", subscriber="receipt",
        )  # fmt: skip
    change(
        SagaRun.objects.using("payment").filter(pk=order.pk),
        status="running", step="invoice", last_error="Away: invoice does not answer",
    )  # fmt: skip
    page = page_of(operator, order)
    told = " | ".join(what for _, what, _ in steps(page))
    assert "payment.OrderClaimed at receipt: waiting" in told
    assert "payment.OrderPaid waits for receipt" in told
    assert "Checkout running at invoice" in told
    assert "Broken: no ink" in page
    assert "Away: invoice does not answer" in page


def test_what_an_operator_can_do_leads_to_its_question(operator: Client, order: Order) -> None:
    sent(order)
    arrived(order, "dead")
    change(SagaRun.objects.using("payment").filter(pk=order.pk), status="running")
    page = page_of(operator, order)
    assert f'href="/admin/payment/order/{order.pk}/refund/"' in page
    asked = {
        f"Send the mail about {order.invoice_number} again …": "Send these receipts again",
        "Retry payment.OrderClaimed …": "Have these dead letters tried again",
        "Discard payment.OrderClaimed …": "Discard these dead letters?",
        "Try the checkout again now": "Tried again now: 1 of 1.",
    }
    offered = deeds(page)
    assert set(offered) == set(asked)
    for label, answer in asked.items():
        form = offered[label]
        assert answer in operator.post(form.pop("url"), form, follow=True).content.decode()


def test_only_what_the_reader_may_see_and_do(client: Client, order: Order, settings: Any) -> None:
    sent(order)
    arrived(order, "dead")
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    somebody = User.objects.create_user("sam@example.com", "x", is_staff=True)
    somebody.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(somebody)
    page = page_of(client, order)
    assert [what for _, what, _ in steps(page)] == ["Order placed"]
    assert deeds(page) == {}
    assert "/refund/" not in page
    somebody.user_permissions.add(Permission.objects.get(codename="view_receiptinboxevent"))
    page = page_of(client, order)
    assert "payment.OrderClaimed at receipt: a dead letter" in page
    assert deeds(page) == {}


@pytest.mark.sqlite
def test_a_database_that_is_away_leaves_the_rest(
    operator: Client, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections["receipt"].close()
    with monkeypatch.context() as gone:
        gone.setitem(connections["receipt"].settings_dict, "NAME", tmp_path / "gone" / "file")
        page = page_of(operator, order)
    assert "the database of receipt does not answer" in page
    assert "Charged " in page
    assert "Mail about" not in page


def test_the_whole_way_is_linked_for_those_who_may_see_it(
    client: Client, order: Order, settings: Any
) -> None:
    mail, letter = sent(order), arrived(order, "dead")
    ways = {
        f"/admin/payment/order/{order.pk}/change/": order.pk,
        f"/admin/receipt/receipt/{mail.pk}/change/": order.pk,
        f"/admin/operations/receiptinboxevent/{letter.pk}/change/": "request-7",
    }
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    somebody = User.objects.create_user("sam@example.com", "x", is_staff=True)
    client.force_login(somebody)
    for name in ("view_order", "view_receipt", "view_receiptinboxevent"):
        somebody.user_permissions.add(Permission.objects.get(codename=name))
    for page in ways:
        assert "The whole way" not in client.get(page).content.decode()
    somebody.user_permissions.add(Permission.objects.get(codename="view_control"))
    for page, id in ways.items():
        link = f'href="/admin/extract/trace/?id={id}">The whole way'
        assert link in client.get(page).content.decode()
