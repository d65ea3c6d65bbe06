"""What is another's is not there; a guest's order opens with its token alone."""

from __future__ import annotations

from tests.scenarios.place import Place
from tests.scenarios.shop import Answer, Shop


def everything(shop: Shop, bought: dict[str, str], *, access: str = "") -> list[Answer]:
    """What the shop shows of an order: over the API and on pages."""
    query = f"?access={access}" if access else ""
    return [
        shop.order(bought["order"], access=access),
        shop.invoice(bought["invoice"], access=access),
        shop.pdf(bought["invoice"], access=access),
        shop.receipt(bought["order"], access=access),
        shop.page(f"/orders/{bought['order']}/{query}"),
        shop.page(f"/invoices/{bought['invoice']}/{query}"),
        shop.page(f"/invoices/{bought['invoice']}.pdf{query}"),
    ]


def statuses(answers: list[Answer]) -> set[int]:
    return {answer.status for answer in answers}


def test_the_access_token_opens_the_order_and_all_that_belongs_to_it(
    place: Place, shop: Shop
) -> None:
    bought, other = shop.buy(LAMP=1), shop.buy(LAMP=1)
    place.settle()
    stranger = place.visitor()
    assert statuses(everything(stranger, bought, access=bought["access"])) == {200}
    header = {"X-Order-Access": bought["access"]}
    for path in (f"orders/{bought['order']}", f"receipts/{bought['order']}"):
        assert stranger.request("GET", f"/api/{path}/", headers=header).status == 200
    for wrong in ("", other["access"], bought["access"][:-1], "é"):
        assert statuses(everything(stranger, bought, access=wrong)) == {404}
        assert statuses(everything(shop, bought, access=wrong)) == {404}


def test_the_token_opens_what_was_paid_back_too(place: Place, shop: Shop, operator: Shop) -> None:
    bought = shop.buy(LAMP=1)
    note = operator.refund(bought["order"]).json["credit_note"]
    place.settle()
    assert shop.invoice(note, access=bought["access"]).status == 200
    assert shop.invoice(note).status == 404


def test_anothers_order_is_not_there(place: Place, shop: Shop, customer: Shop) -> None:
    bought = customer.buy(LAMP=1)
    place.settle()
    other = place.visitor().sign_in(place.account("eve@example.com"))
    for stranger in (shop, other):
        assert statuses(everything(stranger, bought)) == {404}
    assert other.orders().json["results"] == []
    assert shop.orders().status == 401


def test_anothers_cart_is_not_there(place: Place, shop: Shop, customer: Shop) -> None:
    cart = customer.filled_cart(LAMP=1)
    other = place.visitor().sign_in(place.account("eve@example.com"))
    for stranger in (shop, other):
        assert stranger.cart(cart).status == 404
        assert stranger.put_item(cart, "LAMP", 2).status == 404
        assert stranger.remove_item(cart, "LAMP").status == 404
        assert stranger.checkout(cart).status == 404
    assert customer.cart(cart).json["items"][0]["quantity"] == 1
    assert customer.checkout(cart).status == 201


def test_staff_opens_every_order(place: Place, shop: Shop, operator: Shop) -> None:
    bought = shop.buy(LAMP=1)
    place.settle()
    assert operator.order(bought["order"]).status == 200
    assert operator.invoice(bought["invoice"]).status == 200
    assert operator.receipt(bought["order"]).status == 200
    assert operator.orders().json["count"] == 1
