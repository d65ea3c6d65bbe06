"""What cannot be bought is refused with a reason, and charges nobody."""

from __future__ import annotations

import uuid

from tests.scenarios.place import Place
from tests.scenarios.shop import ADDRESS, Shop


def test_a_declined_card_leaves_the_cart_open_for_another(place: Place, shop: Shop) -> None:
    cart, key = shop.filled_cart(LAMP=2), str(uuid.uuid4())
    declined = shop.checkout(cart, key=key, token="tok_declined")
    assert (declined.status, declined.problem) == (402, "declined")
    again = shop.checkout(cart, key=key, token="tok_declined")
    assert (again.status, again.body) == (402, declined.body)
    assert place.charges() == []
    assert shop.available("LAMP") == 10

    assert shop.put_item(cart, "LAMP", 1).status == 200
    assert shop.checkout(cart).status == 201
    assert len(place.charges()) == 1
    assert shop.checkout(cart, key=key, token="tok_declined").body == declined.body
    assert shop.available("LAMP") == 9


def test_more_than_there_is_cannot_be_bought(place: Place, shop: Shop) -> None:
    cart = shop.filled_cart(LAMP=1, VASE=6)
    refused = shop.checkout(cart)
    assert (refused.status, refused.problem) == (409, "out-of-stock")
    assert refused.json["shortages"] == [{"sku": "VASE", "wanted": 6, "available": 5}]
    assert place.charges() == []
    assert (shop.available("LAMP"), shop.available("VASE")) == (10, 5)
    shop.put_item(cart, "VASE", 5)
    assert shop.checkout(cart).status == 201
    assert shop.available("VASE") == 0


def test_the_last_piece_is_sold_once(shop: Shop) -> None:
    first, second = shop.filled_cart(VASE=5), shop.filled_cart(VASE=1)
    assert shop.checkout(first).status == 201
    assert shop.checkout(second).problem == "out-of-stock"


def test_what_does_not_exist_cannot_be_put_into_a_cart(shop: Shop) -> None:
    cart = shop.create_cart()
    assert shop.put_item(cart, "NOTHING", 1).status == 404
    assert shop.cart(cart).json["items"] == []


def test_what_went_off_sale_meanwhile_cannot_be_bought(
    place: Place, shop: Shop, operator: Shop
) -> None:
    cart = shop.filled_cart(LAMP=1, VASE=1)
    version = operator.product("VASE").headers["etag"]
    assert operator.edit_product("VASE", {"is_active": False}, version=version).status == 200
    refused = shop.checkout(cart)
    assert (refused.status, refused.problem) == (409, "out-of-stock")
    assert place.charges() == []
    shop.remove_item(cart, "VASE")
    assert shop.checkout(cart).status == 201


def test_an_unknown_cart_cannot_be_ordered(shop: Shop) -> None:
    for cart in ("none", str(uuid.uuid4())):
        assert shop.checkout(cart).status == 404


def test_an_empty_cart_cannot_be_ordered(shop: Shop) -> None:
    assert shop.checkout(shop.create_cart()).status == 422


def test_an_ordered_cart_is_closed(shop: Shop) -> None:
    cart = shop.filled_cart(LAMP=1)
    assert shop.checkout(cart).status == 201
    for answer in (shop.checkout(cart), shop.put_item(cart, "LAMP", 2)):
        assert (answer.status, answer.problem) == (409, "cart-ordered")
    assert shop.available("LAMP") == 9


def test_a_quantity_is_a_whole_number_from_1_to_9999(shop: Shop) -> None:
    cart = shop.create_cart()
    for quantity in (0, -1, 1.5, 10_000, 1e9, "2x", None, True):
        assert shop.put_item(cart, "LAMP", quantity).status == 422, quantity
    assert shop.put_item(cart, "LAMP", 9999).status == 200


def test_a_body_that_is_wrong_costs_nothing(place: Place, shop: Shop) -> None:
    cart, key = shop.filled_cart(LAMP=1), str(uuid.uuid4())
    wrong: list[dict[str, object]] = [
        {"email": "ada@example.com\nBcc: everyone@example.com"},
        {"address": {**ADDRESS, "country": "Britain"}},
        {"discount": "100%"},
        {"payment": {"provider": "nobody", "token": "tok_visa"}},
    ]
    for changes in wrong:
        assert shop.checkout(cart, key=key, **changes).status == 422
    assert place.charges() == []
    assert shop.checkout(cart, key=key).status == 201
