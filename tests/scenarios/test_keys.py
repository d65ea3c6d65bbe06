"""A keyed request has one effect and one answer, however often it is sent."""

from __future__ import annotations

import uuid

from tests.scenarios.place import Place
from tests.scenarios.shop import Shop


def test_without_a_key_nothing_is_ordered(shop: Shop) -> None:
    cart = shop.filled_cart(LAMP=1)
    for headers in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 256}):
        answer = shop.request("POST", "/api/checkout/", {"cart": cart}, headers)
        assert answer.status == 400
    assert len(shop.cart(cart).json["items"]) == 1


def test_the_same_key_is_the_same_order(place: Place, shop: Shop) -> None:
    cart, key = shop.filled_cart(LAMP=1), str(uuid.uuid4())
    first = shop.checkout(cart, key=key)
    place.settle()
    again = shop.checkout(cart, key=key)
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    place.settle()
    assert len(place.charges()) == len(place.mails()) == 1
    assert shop.available("LAMP") == 9


def test_a_key_sent_with_another_body_is_refused(place: Place, shop: Shop) -> None:
    cart, key = shop.filled_cart(LAMP=1), str(uuid.uuid4())
    first = shop.checkout(cart, key=key)
    for changes in ({"email": "eve@example.com"}, {"token": "tok_twice"}):
        other = shop.checkout(cart, key=key, **changes)
        assert (other.status, other.problem) == (422, "key-reused")
    assert shop.checkout(cart, key=key).body == first.body
    assert len(place.charges()) == 1


def test_another_users_key_is_as_if_it_were_new(place: Place, customer: Shop, shop: Shop) -> None:
    other = place.visitor().sign_in(place.account("eve@example.com"))
    key = str(uuid.uuid4())
    orders = {visitor.buy(key=key, LAMP=1)["order"] for visitor in (customer, other, shop)}
    orders.add(place.visitor().buy(key=key, LAMP=1)["order"])
    assert len(orders) == len(place.charges()) == 4


def test_a_users_keys_span_their_carts(place: Place, customer: Shop) -> None:
    key = str(uuid.uuid4())
    customer.buy(key=key, LAMP=1)
    other = customer.checkout(customer.filled_cart(LAMP=1), key=key)
    assert (other.status, other.problem) == (422, "key-reused")


def test_a_repeat_is_answered_as_the_cart_was_whatever_it_is_now(place: Place, shop: Shop) -> None:
    cart, key = shop.filled_cart(VASE=6), str(uuid.uuid4())
    refused = shop.checkout(cart, key=key)
    shop.put_item(cart, "VASE", 1)
    if shop.checkout(cart, key=key).status == 201:  # a refusal for stock need not be final
        assert len(place.charges()) == 1
    else:
        assert shop.checkout(cart, key=key).body == refused.body
        assert shop.checkout(cart).status == 201


def test_a_refund_has_one_effect_per_key(place: Place, shop: Shop, operator: Shop) -> None:
    bought = shop.buy(LAMP=3)
    lamp = _line_of(operator, bought["order"], "LAMP")
    key = str(uuid.uuid4())
    first = operator.refund(bought["order"], [(lamp, 1)], key=key)
    again = operator.refund(bought["order"], [(lamp, 1)], key=key)
    assert (first.status, again.body) == (201, first.body)
    other = operator.refund(bought["order"], [(lamp, 2)], key=key)
    assert (other.status, other.problem) == (422, "key-reused")
    place.settle()
    assert shop.available("LAMP") == 8


def _line_of(shop: Shop, order: str, sku: str) -> int:
    lines = shop.order(order).json["lines"]
    return next(int(line["id"]) for line in lines if line["sku"] == sku)
