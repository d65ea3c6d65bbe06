"""A customer's orders as pages, and who may see them."""

from __future__ import annotations

import uuid

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.payment.models import Order
from extract.call import Fault, Wire, bound
from tests.apps.payment.buying import (
    filled_cart,
    operator,
    paid_order,
    pay,
    refund,
    signed_in,
    stocked,
)

pytestmark = pytest.mark.usefixtures("database")


def test_the_list_is_for_those_signed_in(client: Client) -> None:
    answer = client.get("/orders/")
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/orders/"


def test_the_list_is_ones_own_newest_first() -> None:
    stocked("LAMP")
    ada, eve = signed_in("ada@x.example"), signed_in("eve@x.example")
    first, second = paid_order(ada)["order"], paid_order(ada)["order"]
    paid_order(eve)
    pay(ada, filled_cart(ada), token="tok_declined")
    page = ada.get("/orders/").context["page"]
    assert [str(order.pk) for order in page] == [second, first]
    assert [order.pieces for order in page] == [2, 2]


@pytest.mark.parametrize("page", ["0", "99", "x", "-1"])
def test_any_page_number_is_a_page(page: str) -> None:
    assert signed_in().get("/orders/", {"page": page}).status_code == 200


def test_an_order_is_its_customers_and_staffs_and_its_tokens(client: Client) -> None:
    stocked("LAMP")
    ada, eve = signed_in("ada@x.example"), signed_in("eve@x.example")
    paid = paid_order(ada)
    path = f"/orders/{paid['order']}/"
    got = [browser.get(path).status_code for browser in (ada, operator(), eve, client)]
    assert got == [200, 200, 404, 404]
    assert client.get(f"{path}?access={paid['access']}").status_code == 200
    assert client.get(f"{path}?access=wrong").status_code == 404
    assert client.get(f"/orders/{uuid.uuid4()}/").status_code == 404


def test_links_of_a_guests_order_keep_its_token(client: Client) -> None:
    stocked("LAMP")
    paid = paid_order(client)
    page = client.get(f"/orders/{paid['order']}/?access={paid['access']}").content.decode()
    assert f"/invoices/{paid['invoice']}.pdf?access={paid['access']}" in page
    assert f"/invoices/{paid['invoice']}/?access={paid['access']}" in page


def test_an_order_tells_its_vat_and_its_refunds() -> None:
    stocked("LAMP", price="10.00")
    stocked("BOOK", price="5.00", tax_class="zero")
    ada = signed_in()
    order = paid_order(ada, LAMP=2, BOOK=1)["order"]
    assert refund(operator(), order).status_code == 201
    answer = ada.get(f"/orders/{order}/")
    rows = {int(row.rate): (row.net, row.vat) for row in answer.context["vat_rows"]}
    assert set(rows) == {20, 0}
    assert sum(vat for _, vat in rows.values()) == Order.objects.get().vat
    assert sum(net for net, _ in rows.values()) == Order.objects.get().net
    assert answer.context["refunds"][0].credit_note in answer.content.decode()


def test_an_order_is_shown_while_receipt_is_away() -> None:
    stocked("LAMP")
    ada = signed_in()
    order = paid_order(ada)["order"]
    with bound(Wire(fault=lambda method: Fault.REFUSE_CONNECTION), "receipt"):
        answer = ada.get(f"/orders/{order}/")
    assert answer.status_code == 200
    assert answer.context["receipt"] is None


def test_markup_in_a_name_is_escaped(client: Client) -> None:
    stocked("LAMP")
    paid = pay(client, filled_cart(client), name="<script>alert(1)</script>").json()
    page = client.get(f"/orders/{paid['order']}/?access={paid['access']}").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_no_page_of_an_order_is_kept_by_caches() -> None:
    stocked("LAMP")
    ada = signed_in()
    order = paid_order(ada)["order"]
    for path in ("/orders/", f"/orders/{order}/", "/cart/"):
        assert "no-store" in ada.get(path)["Cache-Control"]


def test_pages_ask_few_questions_however_many_orders() -> None:
    stocked("LAMP")
    ada = signed_in()
    counts = set()
    for _ in range(3):
        order = paid_order(ada)["order"]
        counts.add((queries_of(ada, "/orders/"), queries_of(ada, f"/orders/{order}/")))
    assert len(counts) == 1
    assert max(max(pair) for pair in counts) <= 6


def queries_of(client: Client, path: str) -> int:
    captures = [CaptureQueriesContext(connection) for connection in connections.all()]
    for capture in captures:
        capture.__enter__()
    assert client.get(path).status_code == 200
    for capture in captures:
        capture.__exit__(None, None, None)
    return sum(len(capture) for capture in captures)
