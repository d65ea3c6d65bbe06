"""What was ordered as a guest is the customer's when the address is proved, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.invoice.models import Document
from apps.payment.contract import PaymentContract
from apps.payment.models import Order
from apps.receipt.models import Receipt
from extract.call import NotSent, bound
from extract.data import owned
from extract.event import background
from shop.accounts import links
from shop.accounts.models import User
from tests.accounts.post import link_in, mails
from tests.apps.payment.buying import filled_cart, pay, stocked

pytestmark = pytest.mark.usefixtures("database")
PASSWORD = "correct-horse-9"
FIELDS = {"first_name": "Ada", "last_name": "", "password1": PASSWORD, "password2": PASSWORD}


class Away:
    def call(self, method: Any, arguments: dict[str, Any]) -> Any:
        raise NotSent(method.label, "nobody is there")


def bought_as_guest(email: str = "Ada@Example.com") -> Order:
    guest = Client()
    answer = pay(guest, filled_cart(guest, LAMP=1), email=email)
    assert answer.status_code == 201, answer.content
    background.drain()
    return Order.objects.get(pk=answer.json()["order"])


def owners(order: Order) -> set[str]:
    """Whose each app takes the order for."""
    background.drain()
    return {
        Order.objects.get(pk=order.pk).subject,
        *Document.objects.filter(order=order.pk).values_list("subject", flat=True),
        *Receipt.objects.filter(order=order.pk).values_list("subject", flat=True),
    }


def registered(email: str = "ada@example.com") -> Client:
    client = Client()
    assert client.post(f"/accounts/register/{links.to_register(email)}/", FIELDS).status_code == 302
    return client


def test_who_proves_the_address_has_the_orders_in_every_app(binding: str) -> None:
    stocked()
    order, others = bought_as_guest(), bought_as_guest("other@example.com")
    client = registered()
    ada = User.objects.get()
    assert owners(order) == {str(ada.subject)}
    assert owners(others) == {""}
    assert str(order.pk) in client.get("/accounts/profile/").content.decode()
    assert client.get(f"/orders/{order.pk}/").status_code == 200
    order.refresh_from_db()
    assert client.get(f"/api/invoices/{order.invoice_number}/").status_code == 200
    assert client.get(f"/api/receipts/{order.pk}/").status_code == 200
    assert client.get(f"/orders/{others.pk}/").status_code == 404


def test_an_unproved_address_shows_nothing(client: Client) -> None:
    stocked()
    order = bought_as_guest()
    User.objects.create_user("ada@example.com", PASSWORD)
    sign_in = {"username": "ada@example.com", "password": PASSWORD}
    client.post("/accounts/login/", sign_in)
    assert owners(order) == {""}
    client.post("/accounts/address/")
    client.post(link_in(mails(to="ada@example.com")[-1]))
    assert owners(order) == {str(User.objects.get().subject)}


def test_later_orders_are_claimed_at_the_next_sign_in(client: Client) -> None:
    stocked()
    registered()
    order = bought_as_guest()
    sign_in = {"username": "ada@example.com", "password": PASSWORD}
    with bound(Away(), PaymentContract.app):
        assert client.post("/accounts/login/", sign_in).status_code == 302
    assert owners(order) == {""}
    client.post("/accounts/logout/")
    client.post("/accounts/login/", sign_in)
    assert owners(order) == {str(User.objects.get().subject)}


def test_an_order_without_its_invoice_is_left_to_the_next_time(client: Client) -> None:
    stocked()
    order = bought_as_guest()
    with owned("payment"):
        Order.objects.filter(pk=order.pk).update(invoice_number="")
    registered()
    assert Order.objects.get(pk=order.pk).subject == ""


def test_a_customers_order_stays_theirs() -> None:
    stocked()
    order = bought_as_guest()
    with owned("payment"):
        Order.objects.filter(pk=order.pk).update(subject="somebody")
    registered()
    assert Order.objects.get(pk=order.pk).subject == "somebody"
