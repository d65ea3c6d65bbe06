"""The checkout over the API: paying, refusals, keys."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.payment.models import Charge, Order
from apps.product.models import Product
from tests.apps.payment.buying import (
    checkout_body,
    filled_cart,
    pay,
    put_item,
    signed_in,
    stocked,
)

pytestmark = pytest.mark.usefixtures("database")


def problem_of(answer: Any) -> tuple[int, str]:
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["type"]


def test_a_cart_is_paid(client: Client, binding: str) -> None:
    stocked("LAMP", price="10.00")
    answer = pay(client, filled_cart(client, LAMP=2))
    body = answer.json()
    assert answer.status_code == 201
    assert set(body) == {"order", "status", "total", "invoice", "access"}
    assert body["status"] == "paid"
    order = Order.objects.get(pk=body["order"])
    shipping = order.lines.get(sku="SHIPPING").net
    assert order.net == 20 + shipping
    assert Decimal(body["total"]["amount"]) == (20 + shipping) * Decimal("1.2")
    assert body["invoice"] == order.invoice_number != ""
    assert Product.objects.get(sku="LAMP").sold == 2


@pytest.mark.parametrize(("country", "rate"), [("GB", 20), ("DE", 19), ("FI", 25.5), ("US", 0)])
def test_vat_is_the_countrys(client: Client, country: str, rate: float) -> None:
    stocked("LAMP", price="100.00")
    order = pay(client, filled_cart(client, LAMP=1), country=country).json()["order"]
    assert Order.objects.get(pk=order).lines.get(sku="LAMP").vat == Decimal(str(rate))


@pytest.mark.parametrize(("tax_class", "vat"), [("standard", 20), ("reduced", 5), ("zero", 0)])
def test_vat_is_the_tax_classs(client: Client, tax_class: str, vat: int) -> None:
    stocked("LAMP", price="100.00", tax_class=tax_class)
    order = pay(client, filled_cart(client, LAMP=1)).json()["order"]
    assert Order.objects.get(pk=order).lines.get(sku="LAMP").vat == vat


@pytest.mark.parametrize("token", ["tok_timeout", "tok_twice"])
def test_a_provider_that_misbehaves_charges_once(client: Client, token: str) -> None:
    stocked("LAMP")
    answer = pay(client, filled_cart(client, LAMP=1), token=token)
    assert answer.status_code == 201
    assert Charge.objects.count() == 1


def test_a_declined_payment_is_final_for_its_key_and_leaves_the_cart_open(client: Client) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=1)
    first = pay(client, cart, key="one", token="tok_declined")
    again = pay(client, cart, key="one", token="tok_declined")
    assert problem_of(first) == problem_of(again) == (402, "/problems/declined")
    assert first.json() == again.json()
    assert Product.objects.get(sku="LAMP").on_hand == 50
    assert put_item(client, cart, "LAMP", 2).status_code == 200
    assert pay(client, cart, key="two").status_code == 201


def test_out_of_stock_says_what_is_short(client: Client, binding: str) -> None:
    stocked("LAMP", quantity=1)
    cart = filled_cart(client, LAMP=2)
    answer = pay(client, cart)
    assert problem_of(answer) == (409, "/problems/out-of-stock")
    assert answer.json()["shortages"] == [{"sku": "LAMP", "wanted": 2, "available": 1}]
    put_item(client, cart, "LAMP", 1)
    assert pay(client, cart).status_code == 201


def test_an_ordered_cart_is_not_ordered_again(client: Client) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=1)
    assert pay(client, cart).status_code == 201
    assert problem_of(pay(client, cart)) == (409, "/problems/cart-ordered")


def test_an_empty_cart_is_refused(client: Client) -> None:
    cart = client.post("/api/carts/", {}, content_type="application/json").json()["id"]
    assert problem_of(pay(client, cart)) == (422, "/problems/cart-empty")


@pytest.mark.parametrize("cart", ["6f1c7a52-8d0e-4b3a-9c41-2e5d7f90ab13", "nonsense", "0"])
def test_an_unknown_cart_is_a_404(client: Client, cart: str) -> None:
    assert problem_of(pay(client, cart)) == (404, "/problems/not-found")


@pytest.mark.parametrize("key", [None, "", "x" * 256, "schlüssel".encode().decode("latin-1")])
def test_the_key_is_checked_before_anything_else(client: Client, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = client.post(
        "/api/checkout/", "{not json", content_type="application/json", headers=headers
    )
    assert answer.status_code == 400
    assert answer.json()["type"].startswith("/problems/idempotency-key-")


def test_the_body_is_checked_before_the_cart(client: Client) -> None:
    assert pay(client, str(uuid.uuid4()), name="").status_code == 422


CHANGES: list[dict[str, Any]] = [
    {"email": "a@b.example\nBcc: x@y.example"},
    {"email": "a@b.example\n"},
    {"email": "\r\na@b.example"},
    {"email": "nobody"},
    {"email": "a@localhost"},
    {"email": "teſt@example.com"},
    {"email": ""},
    {"email": None},
    {"email": f"{'a' * 250}@b.example"},
    {"name": ""},
    {"name": "   "},
    {"name": "Ada\nLovelace"},
    {"name": "Ada\x00"},
    {"name": "Ada\u2028"},
    {"name": "\u200b"},
    {"name": "Ada\u202e"},
    {"name": "x" * 121},
    {"name": 7},
    {"address": {}},
    {"address": "1 High Street"},
    {"address": None},
    {"payment": {"provider": "stripe", "token": "tok_visa"}},
    {"payment": {"provider": "test"}},
    {"payment": {"provider": "test", "token": ""}},
    {"payment": {"provider": ["test"], "token": "tok_visa"}},
    {"payment": {"provider": "test", "token": "tok_visa", "amount": "0.01"}},
    {"country": "gb"},
    {"country": "ZZ"},
    {"country": "GBR"},
    {"country": " GB"},
    {"country": ""},
    {"country": None},
    {"country": 44},
    {"total": "0.01"},
    {"subject": "someone"},
]


@pytest.mark.parametrize("changes", CHANGES, ids=[ascii(change) for change in CHANGES])
def test_bad_and_unknown_fields_are_refused(client: Client, changes: dict[str, Any]) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=1)
    answer = pay(client, cart, **changes)
    assert problem_of(answer)[0] == 422, answer.content
    assert answer.json()["errors"]
    assert not Order.objects.exists()


def test_what_is_written_is_kept_in_one_spelling(client: Client) -> None:
    stocked("LAMP")
    said = {"name": " Zoe\u0308\u200b", "email": "Zoe@bücher.example"}
    assert pay(client, filled_cart(client, LAMP=1), **said).status_code == 201
    order = Order.objects.get()
    assert (order.name, order.email) == ("Zoë", "Zoe@xn--bcher-kva.example")


@pytest.mark.parametrize("cart", [None, 7, "", [], {}])
def test_a_cart_of_another_type_is_refused(client: Client, cart: Any) -> None:
    answer = pay(client, cart)
    assert problem_of(answer)[0] == 422
    assert answer.json()["errors"][0]["field"] == "cart"


@pytest.mark.parametrize("missing", ["cart", "email", "name", "address", "payment"])
def test_missing_fields_are_refused(client: Client, missing: str) -> None:
    body = checkout_body(str(uuid.uuid4()))
    del body[missing]
    answer = client.post(
        "/api/checkout/", body, content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == missing


@pytest.mark.parametrize("field", ["line1", "line2", "city", "postcode"])
@pytest.mark.parametrize("text", ["a\nb", "a\x00", "a\x7fb", "a\u2066b", "x" * 200, 7])
def test_bad_address_lines_are_refused(client: Client, field: str, text: Any) -> None:
    body = checkout_body(str(uuid.uuid4()))
    body["address"][field] = text
    answer = client.post(
        "/api/checkout/", body, content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"address.{field}"


@pytest.mark.parametrize("text", ["!!!", "LS1_1AA", "-", "１０１１５"])
def test_what_is_a_postcode_nowhere_is_refused(client: Client, text: str) -> None:
    body = checkout_body(str(uuid.uuid4()))
    body["address"] |= {"country": "DE", "postcode": text}
    answer = client.post(
        "/api/checkout/", body, content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "address.postcode"


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe", b"[" * 100_000, b'{"cart": NaN}', b'{"cart": "\\ud800"}', b""]
)
def test_what_is_not_json_is_no_500(client: Client, raw: bytes) -> None:
    answer = client.generic(
        "POST",
        "/api/checkout/",
        raw,
        content_type="application/json",
        headers={"Idempotency-Key": "k"},
    )
    assert answer.status_code in (400, 422)


def test_the_same_key_is_the_same_answer(client: Client, binding: str) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=1)
    first, again = pay(client, cart, key="one"), pay(client, cart, key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (Order.objects.count(), Charge.objects.count()) == (1, 1)


def test_the_same_key_at_once_is_the_same_answer(
    client: Client, together: Callable[..., list[Any]]
) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=1)
    found = together(lambda _: pay(Client(), cart, key="one"), 8)
    assert {answer.status_code for answer in found} == {201}
    assert len({answer.content for answer in found}) == 1
    assert Charge.objects.count() == 1


def test_a_key_reused_for_another_body_is_refused(client: Client) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=1)
    assert pay(client, cart, key="one").status_code == 201
    answer = pay(client, cart, key="one", name="Someone Else")
    assert problem_of(answer) == (422, "/problems/key-reused")


def test_the_order_of_fields_does_not_make_another_body(client: Client) -> None:
    stocked("LAMP")
    cart = filled_cart(client, LAMP=1)
    first = pay(client, cart, key="one")
    turned = dict(reversed(checkout_body(cart).items()))
    again = client.post(
        "/api/checkout/",
        json.dumps(turned),
        content_type="application/json",
        headers={"Idempotency-Key": "one"},
    )
    assert again.json() == first.json()


def test_anothers_key_is_as_if_it_were_new() -> None:
    stocked("LAMP")
    ada, eve, guest, other = (
        signed_in("ada@x.example"),
        signed_in("eve@x.example"),
        Client(),
        Client(),
    )
    orders = set()
    for buyer in (ada, eve, guest, other):
        answer = pay(buyer, filled_cart(buyer, LAMP=1), key="the-same")
        assert answer.status_code == 201, answer.content
        orders.add(answer.json()["order"])
    assert len(orders) == 4


def test_a_total_is_the_sum_of_lines_rounded_half_up(client: Client) -> None:
    stocked("A", price="0.03")
    stocked("B", price="33.33")
    body = pay(client, filled_cart(client, A=1, B=3)).json()
    order = Order.objects.get(pk=body["order"])
    assert order.lines.get(sku="A").vat == Decimal("0.01")
    assert order.lines.get(sku="B").vat == Decimal("20.00")
    assert order.total == sum(line.net + line.vat for line in order.lines.all())
    assert body["total"]["amount"] == str(order.total)
