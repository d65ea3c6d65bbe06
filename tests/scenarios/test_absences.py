"""An app that is away costs time, and never an order, a charge or a mail too many."""

from __future__ import annotations

import uuid

import pytest

from tests.scenarios.in_process import InProcess
from tests.scenarios.shop import Shop

pytestmark = pytest.mark.in_process("calls between apps are made to fail inside their process")


def test_without_invoice_the_order_is_paid_and_its_invoice_follows(
    place: InProcess, shop: Shop
) -> None:
    cart, key = shop.filled_cart(LAMP=1), str(uuid.uuid4())
    mine = f"scenario-{uuid.uuid4()}"
    with place.away("invoice"):
        paid = shop.checkout(cart, key=key, headers={"X-Request-ID": mine})
        assert paid.status == 201
        bought = paid.json
        assert (bought["status"], bought["invoice"]) == ("paid", None)
        assert shop.checkout(cart, key=key).body == paid.body
        order = shop.order(bought["order"], access=bought["access"]).json
        assert (order["status"], order["invoice"]) == ("paid", None)
        assert shop.receipt(bought["order"], access=bought["access"]).status == 404
    place.settle()

    order = shop.order(bought["order"], access=bought["access"]).json
    assert shop.invoice(order["invoice"], access=bought["access"]).json["total"] == order["total"]
    assert shop.receipt(bought["order"], access=bought["access"]).json["status"] == "sent"
    assert len(place.mails()) == len(place.charges()) == 1
    # Payment asked itself to go on with it: that is an event as well.
    trail = {"payment saga", "payment outbox", "payment inbox", "receipt inbox"}
    assert place.trail(mine) == trail
    assert shop.checkout(cart, key=key).body == paid.body, "an answer given stays as it was"


def test_an_invoice_whose_answer_was_lost_is_issued_once(place: InProcess, shop: Shop) -> None:
    with place.away("invoice", "issue", losing_answers=True):
        bought = shop.buy(LAMP=1)
        assert bought["invoice"] is None
    place.settle()
    order = shop.order(bought["order"], access=bought["access"]).json
    assert order["invoice"].endswith("1")
    assert len(place.mails()) == 1


def test_a_receipt_whose_document_is_away_is_mailed_later(place: InProcess, shop: Shop) -> None:
    bought = shop.buy(LAMP=1)
    with place.away("invoice", "pdf"):
        place.work()
        waiting = shop.receipt(bought["order"], access=bought["access"]).json
        assert waiting["status"] == "queued"
        assert place.mails() == []
    place.settle()
    sent = shop.receipt(bought["order"], access=bought["access"]).json
    assert sent == {"status": "sent", "message_id": waiting["message_id"]}
    assert len(place.mails()) == 1


def test_without_product_nothing_is_charged_and_the_same_key_works_afterwards(
    place: InProcess, shop: Shop
) -> None:
    cart, key = shop.filled_cart(LAMP=1), str(uuid.uuid4())
    with place.away("product"):
        refused = shop.checkout(cart, key=key)
        assert (refused.status, refused.problem) == (503, "unavailable")
        assert shop.page("/cart/").status == 200, "without a cart nothing is asked of product"
    assert place.charges() == []
    assert shop.checkout(cart, key=key).status == 201
    place.settle()
    assert len(place.charges()) == len(place.mails()) == 1
    assert shop.available("LAMP") == 9


def test_a_reservation_that_fails_is_given_back_even_if_it_was_made(
    place: InProcess, shop: Shop
) -> None:
    for is_made in (False, True):
        cart, key = shop.filled_cart(LAMP=1), str(uuid.uuid4())
        before = shop.available("LAMP")
        with place.away("product", "reserve", losing_answers=is_made):
            refused = shop.checkout(cart, key=key)
            assert (refused.status, refused.problem) == (503, "unavailable")
        place.settle()
        assert shop.available("LAMP") == before
        assert shop.checkout(cart, key=key).status == 201
        assert shop.available("LAMP") == before - 1
    assert len(place.charges()) == 2


def test_product_may_go_away_before_the_reservation_and_stay_away(
    place: InProcess, shop: Shop
) -> None:
    cart, key = shop.filled_cart(LAMP=1), str(uuid.uuid4())
    with place.away("product", "reserve", "release"):
        refused = shop.checkout(cart, key=key)
        assert (refused.status, refused.problem) == (503, "unavailable")
        place.work()
        again = shop.checkout(cart, key=key)
        assert (again.status, again.problem) == (503, "unavailable")
    place.settle()
    assert shop.checkout(cart, key=key).status == 201
    assert len(place.charges()) == 1


def test_without_product_what_was_paid_is_sold_later(place: InProcess, shop: Shop) -> None:
    with place.away("product", "sell"):
        bought = shop.buy(LAMP=1)
        assert bought["invoice"]
    place.settle()
    assert shop.available("LAMP") == 9
    assert shop.receipt(bought["order"], access=bought["access"]).json["status"] == "sent"


def test_pages_say_that_product_is_away(place: InProcess, shop: Shop) -> None:
    shop.add_on_page("/products/lamp/", "LAMP", 1)
    form = shop.checkout_form()
    with place.away("product"):
        assert shop.page("/cart/").status == 503
        assert shop.page("/checkout/").status == 503
        assert shop.shown_again("/checkout/", form).status == 503
    assert place.charges() == []
    assert shop.submit("/checkout/", form).status == 302
    assert len(place.charges()) == 1


def test_without_receipt_one_buys_as_ever(place: InProcess, shop: Shop) -> None:
    with place.away("receipt"):
        bought = shop.buy(LAMP=1)
        page = shop.page(f"/orders/{bought['order']}/?access={bought['access']}")
        assert page.status == 200
