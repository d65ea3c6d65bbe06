"""Carts have a row once they hold something, and until nobody comes back to them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from apps.payment import carts
from apps.payment.api import CartThrottle
from apps.payment.models import Cart, CartItem
from extract.data import owned
from extract.event.background import drain
from extract.event.beat import beat
from extract.identity.bucket import Bucket
from tests.apps.payment.buying import filled_cart, put_item, signed_in, stocked

pytestmark = pytest.mark.usefixtures("database")
JSON = "application/json"


def new_cart(client: Client) -> str:
    answer = client.post("/api/carts/", {}, content_type=JSON)
    assert answer.status_code == 201
    return str(answer.json()["id"])


def aged(cart: str, *, days: float, **columns: Any) -> None:
    with owned("payment"):
        then = timezone.now() - timedelta(days=days)
        Cart.objects.filter(pk=cart).update(updated_at=then, **columns)


def test_a_row_comes_with_the_first_item(client: Client) -> None:
    stocked("LAMP")
    cart = new_cart(client)
    assert client.get(f"/api/carts/{cart}/").json()["items"] == []
    assert client.delete(f"/api/carts/{cart}/items/LAMP/").status_code == 200
    assert put_item(client, cart, "NONE", 1).status_code == 404
    assert not Cart.objects.exists()
    assert put_item(client, cart, "LAMP", 2).status_code == 200
    assert str(Cart.objects.get().pk) == cart
    assert client.get(f"/api/carts/{cart}/").json()["items"][0]["quantity"] == 2


def test_an_id_that_was_not_given_is_no_cart(client: Client) -> None:
    stocked("LAMP")
    given = uuid.UUID(new_cart(client))
    for made_up in (uuid.uuid4(), uuid.UUID(int=given.int ^ 1), uuid.UUID(int=given.int ^ 1 << 90)):
        assert client.get(f"/api/carts/{made_up}/").status_code == 404
        assert put_item(client, str(made_up), "LAMP", 1).status_code == 404
    assert not Cart.objects.exists()


def test_a_customers_empty_cart_is_theirs_alone(client: Client) -> None:
    ada, bob = signed_in("ada@example.com"), signed_in("bob@example.com")
    cart = new_cart(ada)
    assert ada.get(f"/api/carts/{cart}/").status_code == 200
    assert bob.get(f"/api/carts/{cart}/").status_code == 404
    assert client.get(f"/api/carts/{cart}/").status_code == 404


def test_abandoned_carts_are_forgotten_and_no_others(client: Client, settings: Any) -> None:
    settings.CART_KEEP_DAYS = 10
    stocked("LAMP")
    old, young, ordered = (filled_cart(client, LAMP=1) for _ in range(3))
    aged(old, days=10.1)
    aged(young, days=9.9)
    aged(ordered, days=900, state=Cart.State.ORDERED)
    beat("payment")
    drain()
    assert {str(cart.pk) for cart in Cart.objects.all()} == {young, ordered}
    assert {str(item.cart_id) for item in CartItem.objects.all()} == {young, ordered}


def test_a_forgotten_cart_is_empty_and_can_be_filled_again(client: Client) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=3)
    aged(cart, days=91)
    assert carts.carts_forget() == 1
    assert client.get(f"/api/carts/{cart}/").json()["items"] == []
    assert put_item(client, cart, "LAMP", 1).json()["items"][0]["quantity"] == 1


def test_more_than_are_deleted_at_a_time_are_all_deleted(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(carts, "CHUNK", 2)
    stocked("LAMP")
    for _ in range(5):
        aged(filled_cart(client, LAMP=1), days=91)
    assert carts.carts_forget() == 5


def test_a_cart_that_is_filled_meanwhile_is_kept(client: Client, monkeypatch: Any) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=1)
    aged(cart, days=91)
    door = carts.owned

    def somebody_is_faster(app: str) -> Any:
        monkeypatch.setattr(carts, "owned", door)
        put_item(client, cart, "LAMP", 2)
        return door(app)

    monkeypatch.setattr(carts, "owned", somebody_is_faster)
    assert carts.carts_forget() == 0
    assert Cart.objects.exists()


def test_abandoned_carts_are_found_by_their_index() -> None:
    rows = [Cart(subject=str(n), state=Cart.State.ORDERED) for n in range(2000)]
    with owned("payment"):
        Cart.objects.bulk_create(rows)
    abandoned = Cart.objects.filter(state=Cart.State.OPEN, updated_at__lt=timezone.now())
    with connections["payment"].cursor() as cursor:
        cursor.execute("ANALYZE")
    assert "payment_open_carts" in abandoned.values_list("pk")[:500].explain()


def test_one_client_starts_only_so_many(client: Client, settings: Any, monkeypatch: Any) -> None:
    settings.THROTTLE = "on"
    few = Bucket(per_minute=1, burst=3)
    monkeypatch.setattr(carts, "making", few)
    monkeypatch.setattr(CartThrottle, "bucket", few)
    stocked("LAMP")
    for _ in range(3):
        new_cart(client)
    refused = client.post("/api/carts/", {}, content_type=JSON)
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert int(refused["Retry-After"]) > 1
    page = client.post("/cart/add/", {"sku": "LAMP", "quantity": 1})
    assert (page.status_code, page["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert not Cart.objects.exists()
