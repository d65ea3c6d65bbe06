"""Carts over the API: INTERFACE's rows, their refusals, and whose cart it is."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from apps.product.models import Product
from extract.data import owned
from tests.apps.payment.buying import account, filled_cart, pay, put_item, signed_in, stocked

pytestmark = pytest.mark.usefixtures("database")
JSON = "application/json"


def test_a_new_cart_is_empty(client: Client) -> None:
    answer = client.post("/api/carts/", {}, content_type=JSON)
    assert answer.status_code == 201
    body = answer.json()
    assert uuid.UUID(body.pop("id"))
    assert body == {"items": [], "total": {"amount": "0.00", "currency": "GBP"}}


def test_a_cart_may_be_made_without_a_body(client: Client) -> None:
    assert client.generic("POST", "/api/carts/").status_code == 201


def test_an_unknown_field_is_refused(client: Client) -> None:
    answer = client.post("/api/carts/", {"currency": "EUR"}, content_type=JSON)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == "currency"


def test_an_item_is_put_and_put_again(client: Client) -> None:
    stocked("LAMP", price="12.50", quantity=9)
    cart = filled_cart(client, LAMP=2)
    body = put_item(client, cart, "LAMP", 3).json()
    assert body["items"] == [
        {
            "sku": "LAMP",
            "name": "The lamp",
            "slug": "lamp",
            "image": "",
            "quantity": 3,
            "price": {"amount": "12.50", "currency": "GBP"},
            "total": {"amount": "37.50", "currency": "GBP"},
            "available": 9,
        }
    ]
    assert body["total"] == {"amount": "37.50", "currency": "GBP"}
    assert client.get(f"/api/carts/{cart}/").json() == body


def test_an_item_is_deleted_and_may_be_deleted_again(client: Client) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=2)
    for _ in range(2):
        answer = client.delete(f"/api/carts/{cart}/items/LAMP/")
        assert (answer.status_code, answer.json()["items"]) == (200, [])


@pytest.mark.parametrize("quantity", [0, -1, 10000, 1e9, 1.5, 3.0, "3", True, None, [], {}, 10**30])
def test_quantities_out_of_line_are_refused(client: Client, quantity: Any) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=2)
    answer = put_item(client, cart, "LAMP", quantity)
    assert answer.status_code == 422, answer.content
    assert answer.json()["errors"][0]["field"] == "quantity"
    assert client.get(f"/api/carts/{cart}/").json()["items"][0]["quantity"] == 2


@pytest.mark.parametrize("quantity", [1, 9999])
def test_quantities_at_the_edge_are_taken(client: Client, quantity: int) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=2)
    assert put_item(client, cart, "LAMP", quantity).status_code == 200


@pytest.mark.parametrize("body", ['{"quantity": NaN}', '{"quantity": ', '{"quantity": Infinity}'])
def test_what_is_not_json_is_a_400(client: Client, body: str) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=2)
    answer = client.put(f"/api/carts/{cart}/items/LAMP/", body, content_type=JSON)
    assert answer.status_code == 400


@pytest.mark.parametrize("body", [{}, {"quantity": 1, "price": "0.01"}, [], "3", None])
def test_bodies_of_another_shape_are_refused(client: Client, body: Any) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=2)
    answer = client.generic(
        "PUT", f"/api/carts/{cart}/items/LAMP/", json.dumps(body), content_type=JSON
    )
    assert answer.status_code == 422, answer.content


@pytest.mark.parametrize("sku", ["NONE", "a b", "€", "x" * 200, "%2e%2e"])
def test_an_unknown_sku_is_a_404(client: Client, sku: str) -> None:
    stocked("LAMP")
    answer = put_item(client, filled_cart(client, LAMP=1), sku, 1)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("cart", ["6f1c7a52-8d0e-4b3a-9c41-2e5d7f90ab13", "nonsense", "1", "%00"])
def test_an_unknown_or_malformed_cart_is_a_404(client: Client, cart: str) -> None:
    stocked("LAMP")
    assert client.get(f"/api/carts/{cart}/").status_code == 404
    assert put_item(client, cart, "LAMP", 1).status_code == 404
    assert client.delete(f"/api/carts/{cart}/items/LAMP/").status_code == 404


def test_a_customers_cart_is_nobody_elses(client: Client) -> None:
    stocked("LAMP")
    ada, eve = signed_in("ada@example.com"), signed_in("eve@example.com")
    cart = filled_cart(ada, LAMP=1)
    for other in (client, eve):
        assert other.get(f"/api/carts/{cart}/").status_code == 404
        assert put_item(other, cart, "LAMP", 9).status_code == 404
        assert other.delete(f"/api/carts/{cart}/items/LAMP/").status_code == 404
        assert pay(other, cart).status_code == 404
    assert ada.get(f"/api/carts/{cart}/").json()["items"][0]["quantity"] == 1


def test_an_ordered_cart_cannot_be_changed(client: Client) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=1)
    assert pay(client, cart).status_code == 201
    for answer in (
        put_item(client, cart, "LAMP", 2),
        client.delete(f"/api/carts/{cart}/items/LAMP/"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/cart-ordered")


def test_a_product_that_is_gone_stays_in_the_cart_with_none_available(client: Client) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=2)
    with owned("product"):
        Product.objects.filter(sku="LAMP").update(is_active=False)
    body = client.get(f"/api/carts/{cart}/").json()
    assert (body["items"][0]["quantity"], body["items"][0]["available"]) == (2, 0)
    assert body["total"]["amount"] == "0.00"


def test_a_cookie_session_needs_its_csrf_token() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(account())
    answer = browser.post("/api/carts/", {}, content_type=JSON)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/csrf-failed")
