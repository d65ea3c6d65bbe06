"""The cart's page, as a browser without JavaScript uses it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.payment.models import Cart, CartItem
from apps.product.models import Product
from extract.data import owned
from tests.apps.payment.buying import account, stocked

pytestmark = pytest.mark.usefixtures("database")


def add(client: Client, sku: str = "LAMP", quantity: Any = 1, **more: Any) -> Any:
    return client.post("/cart/add/", {"sku": sku, "quantity": quantity, **more}, follow=True)


def held(client: Client) -> dict[str, int]:
    cart = client.get("/cart/").context["cart"]
    return {line.sku: line.quantity for line in cart.items} if cart else {}


def test_an_empty_cart_is_a_page(client: Client) -> None:
    answer = client.get("/cart/")
    assert answer.status_code == 200
    assert answer.context["cart"] is None
    assert "cart" not in answer.cookies
    assert not Cart.objects.exists()


def test_a_guest_fills_a_cart(client: Client) -> None:
    stocked("LAMP", price="12.50")
    assert "The lamp" in add(client, quantity=2).content.decode()
    add(client, quantity=1)
    assert held(client) == {"LAMP": 3}
    assert "£37.50" in client.get("/cart/").content.decode()


def test_the_cookies_tell_the_cart_and_its_size(client: Client) -> None:
    stocked("LAMP")
    cookies = client.post("/cart/add/", {"sku": "LAMP", "quantity": 2}).cookies
    assert cookies["cart"].value == str(Cart.objects.get().pk)
    assert cookies["cart"]["httponly"] is True
    assert cookies["cart"]["samesite"] == "Lax"
    assert cookies["cart_size"].value == "2"
    client.post("/cart/items/LAMP/", {"remove": "1"})
    assert client.cookies["cart_size"].value == ""


def test_a_quantity_is_changed_and_a_line_removed(client: Client) -> None:
    stocked("LAMP")
    stocked("MUG")
    add(client, "LAMP")
    add(client, "MUG")
    client.post("/cart/items/LAMP/", {"quantity": "7"})
    assert held(client) == {"LAMP": 7, "MUG": 1}
    client.post("/cart/items/LAMP/", {"quantity": "7", "remove": "1"})
    assert held(client) == {"MUG": 1}


@pytest.mark.parametrize("quantity", ["0", "-1", "1.5", "1e9", "10000", "x", ""])
def test_a_bad_quantity_is_told_and_nothing_lost(client: Client, quantity: str) -> None:
    stocked("LAMP")
    add(client, quantity=2)
    for path in ("/cart/items/LAMP/", "/cart/add/"):
        form = {"sku": "LAMP", "quantity": quantity}
        page = client.post(path, form, follow=True).content.decode()
        assert "whole number from 1 to 9999" in page
    assert held(client) == {"LAMP": 2}


@pytest.mark.parametrize("sku", ["NONE", "", "a b", "x" * 300])
def test_an_unknown_product_is_told(client: Client, sku: str) -> None:
    assert "not on sale" in add(client, sku).content.decode()
    assert not CartItem.objects.exists()


def test_what_is_short_is_told_in_the_cart(client: Client) -> None:
    stocked("LAMP", quantity=1)
    said = add(client, quantity=2).content.decode()
    assert "Only 1 left: your cart holds that many." in said
    assert "It is in your cart" not in said
    assert 'value="1"' in said
    with owned("product"):
        Product.objects.update(is_active=False)
    assert "Sold out" in client.get("/cart/").content.decode()


def test_next_stays_on_this_host(client: Client) -> None:
    stocked("LAMP")
    form = {"sku": "LAMP", "quantity": 1}
    assert client.post("/cart/add/", {**form, "next": "/products/"})["Location"] == "/products/"
    for evil in ("//evil.example", "https://evil.example/", "javascript:alert(1)"):
        assert client.post("/cart/add/", {**form, "next": evil})["Location"] == "/cart/"


def test_a_guests_cart_comes_along_when_they_sign_in(client: Client) -> None:
    stocked("LAMP")
    add(client)
    user = account()
    client.force_login(user)
    assert held(client) == {"LAMP": 1}
    assert Cart.objects.get().subject == str(user.subject)
    assert client.cookies["cart"].value == ""
    other = Client()
    other.force_login(user)
    assert held(other) == {"LAMP": 1}


def test_a_guests_cart_is_poured_into_the_customers_once(client: Client) -> None:
    stocked("LAMP")
    stocked("MUG")
    user = account()
    at_home = Client()
    at_home.force_login(user)
    add(at_home, "LAMP", 2)
    add(client, "LAMP", 1)
    add(client, "MUG", 1)
    guest_cart = client.cookies["cart"].value
    client.force_login(user)
    assert held(client) == {"LAMP": 3, "MUG": 1}
    client.cookies["cart"] = guest_cart
    assert held(client) == {"LAMP": 3, "MUG": 1}
    assert held(at_home) == {"LAMP": 3, "MUG": 1}


def test_a_signed_out_browser_does_not_show_the_customers_cart(client: Client) -> None:
    stocked("LAMP")
    client.force_login(account())
    add(client)
    client.logout()
    assert held(client) == {}


@pytest.mark.parametrize("value", ["nonsense", "", "00000000-0000-0000-0000-000000000000"])
def test_a_cookie_of_no_cart_is_an_empty_cart(client: Client, value: str) -> None:
    stocked("LAMP")
    client.cookies["cart"] = value
    assert held(client) == {}
    add(client)
    assert held(client) == {"LAMP": 1}


def test_a_change_needs_the_csrf_token() -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/cart/add/", {"sku": "LAMP", "quantity": 1}).status_code == 403


@pytest.mark.parametrize("path", ["/cart/add/", "/cart/items/LAMP/"])
def test_an_address_of_a_form_that_is_opened_leads_to_the_cart(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/cart/")
    assert client.put(path).status_code == 405


def test_what_is_sold_out_does_not_go_in(client: Client) -> None:
    stocked(quantity=0)
    said = add(client, quantity=1).content.decode()
    assert "sold out" in said
    assert not CartItem.objects.exists()


def test_the_page_asks_few_questions_however_full_the_cart(client: Client) -> None:
    client.force_login(account())
    counts = []
    for number in range(1, 6):
        stocked(f"P{number}")
        add(client, f"P{number}")
        counts.append(queries_of(client, "/cart/"))
    assert counts[1] == counts[-1] <= 6


def queries_of(client: Client, path: str) -> int:
    """How many queries a page asks of all databases together."""
    captures = [CaptureQueriesContext(connection) for connection in connections.all()]
    for capture in captures:
        capture.__enter__()
    assert client.get(path).status_code == 200
    for capture in captures:
        capture.__exit__(None, None, None)
    return sum(len(capture) for capture in captures)
