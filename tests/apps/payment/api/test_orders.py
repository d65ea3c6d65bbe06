"""Orders over the API: what they tell, and to whom."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.payment.models import Order
from extract.data import owned
from extract.text import short_id
from tests.apps.payment.buying import (
    ADDRESS,
    filled_cart,
    operator,
    paid_order,
    pay,
    refund,
    signed_in,
    stocked,
)

pytestmark = pytest.mark.usefixtures("database")


def statuses(order: str, *clients: Client, **request: object) -> list[int]:
    return [client.get(f"/api/orders/{order}/", **request).status_code for client in clients]


def test_an_order_tells_everything_about_itself() -> None:
    stocked("LAMP", price="10.00")
    ada = signed_in()
    paid = paid_order(ada, LAMP=2)
    body = ada.get(f"/api/orders/{paid['order']}/").json()
    lines = body.pop("lines")
    assert body.pop("placed_at").endswith("Z")
    assert body == {
        "id": paid["order"],
        "number": short_id(uuid.UUID(paid["order"])),
        "status": "paid",
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "address": ADDRESS,
        "net": body["net"],
        "vat": body["vat"],
        "total": paid["total"],
        "invoice": paid["invoice"],
        "refunds": [],
    }
    assert [line["sku"] for line in lines] == ["LAMP", "SHIPPING"]
    lamp = lines[0]
    assert isinstance(lamp.pop("id"), int)
    assert lamp == {
        "sku": "LAMP",
        "name": "The lamp",
        "quantity": 2,
        "unit_price": {"amount": "10.00", "currency": "GBP"},
        "net": {"amount": "20.00", "currency": "GBP"},
        "vat_rate": "20.00",
        "vat": {"amount": "4.00", "currency": "GBP"},
        "refunded_quantity": 0,
    }


def test_an_order_is_its_customers_and_staffs(client: Client) -> None:
    stocked("LAMP")
    ada, eve = signed_in("ada@x.example"), signed_in("eve@x.example")
    order = paid_order(ada)["order"]
    assert statuses(order, ada, operator(), eve, client) == [200, 200, 404, 404]


def test_the_access_token_opens_an_order_and_no_other(client: Client) -> None:
    stocked("LAMP")
    paid, other = paid_order(Client()), paid_order(Client())
    token = paid["access"]
    assert statuses(paid["order"], client) == [404]
    assert statuses(paid["order"], client, QUERY_STRING=f"access={token}") == [200]
    assert statuses(paid["order"], client, headers={"X-Order-Access": token}) == [200]
    assert statuses(paid["order"], client, QUERY_STRING=f"access={token}x") == [404]
    assert statuses(paid["order"], client, QUERY_STRING="access=é") == [404]
    assert statuses(other["order"], client, QUERY_STRING=f"access={token}") == [404]


@pytest.mark.parametrize("order", ["6f1c7a52-8d0e-4b3a-9c41-2e5d7f90ab13", "nonsense", "0"])
def test_an_unknown_order_is_a_404(order: str) -> None:
    assert statuses(order, signed_in(), operator(), Client()) == [404, 404, 404]


def test_the_list_is_ones_own_and_all_for_staff() -> None:
    stocked("LAMP")
    ada, eve = signed_in("ada@x.example"), signed_in("eve@x.example")
    first, second = paid_order(ada)["order"], paid_order(ada)["order"]
    third = paid_order(Client())["order"]
    body = ada.get("/api/orders/").json()
    assert set(body) == {"count", "next", "previous", "results"}
    assert [order["id"] for order in body["results"]] == [second, first]
    assert eve.get("/api/orders/").json()["count"] == 0
    everything = operator().get("/api/orders/").json()["results"]
    assert {order["id"] for order in everything} == {first, second, third}


def test_the_list_is_for_those_signed_in(client: Client) -> None:
    answer = client.get("/api/orders/")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-authenticated")


def test_what_was_not_paid_is_shown_to_staff_only() -> None:
    stocked("LAMP")
    ada = signed_in()
    pay(ada, filled_cart(ada), token="tok_declined")
    order = Order.objects.get()
    assert order.status == Order.Status.CANCELLED
    assert statuses(str(order.pk), ada, operator()) == [404, 200]
    assert ada.get("/api/orders/").json()["count"] == 0


def test_a_refund_shows_in_the_order() -> None:
    stocked("LAMP")
    ada, staff = signed_in(), operator()
    order = paid_order(ada, LAMP=2)["order"]
    line = ada.get(f"/api/orders/{order}/").json()["lines"][0]["id"]
    credit = refund(staff, order, {"lines": [{"line": line, "quantity": 1}]}).json()
    body = ada.get(f"/api/orders/{order}/").json()
    assert body["status"] == "partly refunded"
    assert body["lines"][0]["refunded_quantity"] == 1
    assert body["refunds"][0]["credit_note"] == credit["credit_note"] != ""
    assert body["refunds"][0]["total"] == credit["total"]
    assert body["refunds"][0]["status"] == "done"


def test_the_queries_of_the_list_do_not_grow_with_it() -> None:
    stocked("LAMP")
    ada = signed_in()
    counts = []
    for _ in range(2):
        paid_order(ada)
        from django.db import connections

        with CaptureQueriesContext(connections["payment"]) as caught:
            assert ada.get("/api/orders/").status_code == 200
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 6


def test_nobodys_orders_are_not_the_guests(client: Client) -> None:
    stocked("LAMP")
    order = paid_order(client)["order"]
    assert Order.objects.get(pk=order).subject == ""
    assert statuses(order, client, Client()) == [404, 404]


def test_a_refunded_order_stays_visible() -> None:
    stocked("LAMP")
    ada = signed_in()
    order = paid_order(ada)["order"]
    with owned("payment"):
        Order.objects.filter(pk=order).update(status=Order.Status.REFUNDED)
    assert statuses(order, ada) == [200]
