"""Who buys pays once, and finds order, invoice and receipt."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from tests.scenarios.in_process import InProcess
from tests.scenarios.place import Place
from tests.scenarios.shop import Shop


def test_a_guest_buys_and_opens_everything_with_the_access_token(place: Place, shop: Shop) -> None:
    bought = shop.buy(LAMP=2, VASE=1)
    # 2 × 10.00 + 3.50 + 4.95 shipping, and 20% VAT line by line.
    assert bought["total"] == {"amount": "34.14", "currency": "GBP"}
    assert bought["status"] == "paid"
    place.settle()

    id, number, access = bought["order"], bought["invoice"], bought["access"]
    order = shop.order(id, access=access).json
    assert (order["status"], order["invoice"]) == ("paid", number)
    assert order["total"] == bought["total"]
    assert {line["sku"]: line["quantity"] for line in order["lines"]} == {
        "LAMP": 2,
        "VASE": 1,
        "SHIPPING": 1,
    }
    invoice = shop.invoice(number, access=access).json
    assert (invoice["number"], invoice["order"]) == (number, id)
    assert invoice["total"] == bought["total"]
    pdf = shop.pdf(number, access=access)
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.body.startswith(b"%PDF-")
    receipt = shop.receipt(id, access=access).json
    assert receipt["status"] == "sent"

    (mail,) = place.mails()
    assert mail["Message-ID"] == receipt["message_id"]
    assert mail["To"] == "ada@example.com"
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == f"{number}.pdf"
    assert attached.get_content() == pdf.body
    assert place.charges() == [(Decimal("34.14"), Decimal(0))]
    assert (shop.available("LAMP"), shop.available("VASE")) == (8, 4)


def test_a_customer_buys_and_finds_it_among_their_orders(place: Place, customer: Shop) -> None:
    bought = customer.buy(LAMP=1)
    place.settle()
    orders = customer.orders().json
    assert [order["id"] for order in orders["results"]] == [bought["order"]]
    assert orders["count"] == 1
    assert customer.order(bought["order"]).json["invoice"] == bought["invoice"]
    assert customer.invoice(bought["invoice"]).status == 200
    assert customer.pdf(bought["invoice"]).body.startswith(b"%PDF-")
    assert customer.receipt(bought["order"]).json["status"] == "sent"
    assert len(place.mails()) == 1


def test_orders_are_listed_newest_first(place: Place, customer: Shop) -> None:
    bought = [customer.buy(LAMP=number)["order"] for number in (1, 2, 3)]
    listed = [order["id"] for order in customer.orders().json["results"]]
    assert listed == bought[::-1]
    browser = place.visitor()
    browser.sign_in_on_page("ada@example.com")
    page = browser.page("/orders/").text
    assert sorted(bought, key=page.index) == listed


@pytest.mark.parametrize("token", ["tok_timeout", "tok_twice"])
def test_whatever_the_provider_does_it_charges_once(place: Place, shop: Shop, token: str) -> None:
    bought = shop.buy(token=token, LAMP=1)
    place.settle()
    assert place.charges() == [(Decimal(bought["total"]["amount"]), Decimal(0))]
    assert bought["invoice"]
    assert len(place.mails()) == 1


def test_the_price_is_todays_and_never_the_buyers(shop: Shop, operator: Shop) -> None:
    cart = shop.filled_cart(LAMP=1)
    version = operator.product("LAMP").headers["etag"]
    dearer = {"price": {"amount": "12.00", "currency": "GBP"}}
    assert operator.edit_product("LAMP", dearer, version=version).status == 200
    assert shop.cart(cart).json["total"]["amount"] == "12.00"
    cheaper = {"quantity": 1, "price": {"amount": "0.01", "currency": "GBP"}}
    assert shop.request("PUT", f"/api/carts/{cart}/items/LAMP/", cheaper).status == 422
    bought = shop.checkout(cart).json
    assert bought["total"]["amount"] == "20.34"  # (12.00 + 4.95) × 1.2


@pytest.mark.in_process("calls between apps are slowed down inside their process")
def test_it_works_as_well_when_every_call_is_slow(place: InProcess, shop: Shop) -> None:
    with place.slow(0.04):
        bought = shop.buy(LAMP=1)
        place.settle()
    assert bought["invoice"]
    assert shop.receipt(bought["order"], access=bought["access"]).json["status"] == "sent"


def test_the_correlation_id_of_the_request_is_found_wherever_it_led(
    place: Place, shop: Shop
) -> None:
    mine = f"scenario-{uuid.uuid4()}"
    answer = shop.checkout(shop.filled_cart(LAMP=1), headers={"X-Request-ID": mine})
    assert answer.headers["x-request-id"] == mine
    place.settle()
    assert place.trail(mine) == {"payment saga", "payment outbox", "receipt inbox"}


def test_an_event_that_arrives_twice_makes_one_mail(place: Place, shop: Shop) -> None:
    bought = shop.buy(LAMP=1)
    place.settle()
    assert place.deliver_again(bought["order"]) == [False]
    place.settle()
    assert len(place.mails()) == 1
