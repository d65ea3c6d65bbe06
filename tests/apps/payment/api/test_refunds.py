"""Refunds over the API: whole and by line, once per key, to the penny."""

from __future__ import annotations

import uuid
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.payment.models import Charge, LedgerEntry, Order, Refund, SandboxCharge
from apps.payment.refunds import PayBack
from apps.product.models import Product
from extract.data import owned
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


def line_of(order: str, sku: str = "LAMP") -> int:
    return int(Order.objects.get(pk=order).lines.get(sku=sku).pk)


def some(line: int, quantity: Any = 1, **more: Any) -> dict[str, Any]:
    return {"lines": [{"line": line, "quantity": quantity, **more}]}


def test_all_that_is_left(binding: str) -> None:
    stocked("LAMP")
    staff, order = operator(), paid_order(Client(), LAMP=2)
    answer = refund(staff, order["order"])
    assert answer.status_code == 201
    assert set(answer.json()) == {"credit_note", "total"}
    assert answer.json()["total"] == order["total"]
    assert answer.json()["credit_note"]
    assert Order.objects.get().status == Order.Status.REFUNDED
    assert Product.objects.get(sku="LAMP").on_hand == 50
    assert Charge.objects.get().refunded == Charge.objects.get().amount


def test_by_line_and_then_the_rest() -> None:
    stocked("LAMP", price="10.00")
    staff, order = operator(), paid_order(Client(), LAMP=3)
    part = refund(staff, order["order"], some(line_of(order["order"]))).json()
    assert part["total"] == {"amount": "12.00", "currency": "GBP"}
    assert Order.objects.get().status == Order.Status.PARTLY_REFUNDED
    rest = refund(staff, order["order"]).json()
    parts = Decimal(part["total"]["amount"]) + Decimal(rest["total"]["amount"])
    assert parts == Decimal(order["total"]["amount"])
    assert part["credit_note"] != rest["credit_note"]


def test_shipping_is_refunded_without_restocking() -> None:
    stocked("LAMP")
    order = paid_order(Client(), LAMP=1)["order"]
    assert refund(operator(), order, some(line_of(order, "SHIPPING"))).status_code == 201
    assert Product.objects.get(sku="LAMP").on_hand == 49


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_sequence_of_partial_refunds_sums_to_the_total(database: None, data: Any) -> None:
    sku = f"S{uuid.uuid4().hex[:8]}"
    price = data.draw(st.decimals("0.01", "99.99", places=2))
    quantity = data.draw(st.integers(1, 7))
    stocked(sku, price=str(price), tax_class=data.draw(st.sampled_from(["standard", "reduced"])))
    guest, staff = Client(), operator(f"{sku}@x.example")
    country = data.draw(st.sampled_from(["GB", "FI", "HU"]))
    paid = pay(guest, filled_cart(guest, **{sku: quantity}), country=country).json()
    left, sums = quantity, Decimal(0)
    while left:
        pieces = data.draw(st.integers(1, left))
        answer = refund(staff, paid["order"], some(line_of(paid["order"], sku), pieces))
        if answer.status_code == 409:
            assert answer.json()["type"] == "/problems/nothing-to-refund"
            break
        sums += Decimal(answer.json()["total"]["amount"])
        left -= pieces
    sums += Decimal(refund(staff, paid["order"]).json()["total"]["amount"])
    assert sums == Decimal(paid["total"]["amount"])
    order = Order.objects.get(pk=paid["order"])
    assert order.status == Order.Status.REFUNDED
    booked: Counter[str] = Counter()
    for entry in LedgerEntry.objects.filter(order=order):
        booked[entry.account] += entry.amount  # type: ignore[assignment]
    assert set(booked.values()) == {Decimal(0)}


def test_more_than_is_left_is_refused_and_changes_nothing() -> None:
    stocked("LAMP")
    staff, order = operator(), paid_order(Client(), LAMP=2)["order"]
    line = line_of(order)
    assert refund(staff, order, some(line, 1)).status_code == 201
    answer = refund(staff, order, some(line, 2))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-refunded")
    assert Order.objects.get().lines.get(pk=line).refunded_quantity == 1
    assert Refund.objects.count() == 1


def test_a_refunded_order_has_nothing_left() -> None:
    stocked("LAMP")
    staff, order = operator(), paid_order(Client())["order"]
    assert refund(staff, order).status_code == 201
    answer = refund(staff, order)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/nothing-to-refund")


def test_what_was_not_paid_cannot_be_refunded() -> None:
    stocked("LAMP")
    guest = Client()
    pay(guest, filled_cart(guest), token="tok_declined")
    answer = refund(operator(), str(Order.objects.get().pk))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-refundable")


def test_the_same_key_refunds_once(binding: str) -> None:
    stocked("LAMP")
    staff, order = operator(), paid_order(Client(), LAMP=2)["order"]
    body = some(line_of(order))
    first, again = (refund(staff, order, body, key="one") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Refund.objects.count() == 1


def test_a_key_reused_for_another_body_is_refused() -> None:
    stocked("LAMP")
    staff, order = operator(), paid_order(Client(), LAMP=2)["order"]
    assert refund(staff, order, some(line_of(order)), key="one").status_code == 201
    answer = refund(staff, order, key="one")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/key-reused")


def test_anothers_key_is_as_if_it_were_new() -> None:
    stocked("LAMP")
    order = paid_order(Client(), LAMP=2)["order"]
    body = some(line_of(order))
    for staff in (operator("one@x.example"), operator("two@x.example")):
        assert refund(staff, order, body, key="the-same").status_code == 201
    assert Refund.objects.count() == 2


def test_only_staff_may_refund() -> None:
    stocked("LAMP")
    ada = signed_in()
    order = paid_order(ada)["order"]
    assert refund(Client(), order).status_code == 401
    assert refund(ada, order).status_code == 403
    assert not Refund.objects.exists()


def test_without_a_key_it_is_a_400() -> None:
    answer = operator().post(
        f"/api/orders/{uuid.uuid4()}/refunds/", "{not json", content_type="application/json"
    )
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/idempotency-key-missing"


@pytest.mark.parametrize("order", ["6f1c7a52-8d0e-4b3a-9c41-2e5d7f90ab13", "nonsense"])
def test_an_unknown_order_is_a_404(order: str) -> None:
    assert refund(operator(), order).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"lines": []},
        {"lines": None},
        {"lines": {}},
        {"lines": "all"},
        {"lines": [1]},
        {"lines": [{"line": 1}]},
        {"lines": [{"line": 1, "quantity": 0}]},
        {"lines": [{"line": 1, "quantity": -1}]},
        {"lines": [{"line": 1, "quantity": True}]},
        {"lines": [{"line": 1, "quantity": 1.5}]},
        {"lines": [{"line": 1, "quantity": "1"}]},
        {"lines": [{"line": 1, "quantity": 10**40}]},
        {"lines": [{"line": "1", "quantity": 1}]},
        {"lines": [{"line": 10**40, "quantity": 1}]},
        {"lines": [{"line": 1, "quantity": 1, "amount": "9.99"}]},
        {"lines": [{"line": 1, "quantity": 1}, {"line": 1, "quantity": 1}]},
        {"amount": "9.99"},
        [],
    ],
    ids=str,
)
def test_bad_and_unknown_fields_are_refused(body: Any) -> None:
    stocked("LAMP")
    order = paid_order(Client())["order"]
    answer = refund(operator(), order, body)
    assert answer.status_code == 422, answer.content
    assert not Refund.objects.exists()


def test_another_orders_line_is_unknown() -> None:
    stocked("LAMP")
    mine, other = paid_order(Client())["order"], paid_order(Client())["order"]
    answer = refund(operator(), mine, some(line_of(other)))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-line")


def test_the_providers_no_is_one_answer_also_while_the_saga_is_being_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stocked("LAMP")
    staff, order, key = operator(), paid_order(Client(), LAMP=1)["order"], str(uuid.uuid4())
    with owned("payment"):
        SandboxCharge.objects.filter(key=order).update(refunded=F("amount"))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(PayBack, "undo", unplugged)
        first = refund(staff, order, key=key)
    assert (first.status_code, first.json()["type"]) == (409, "/problems/refund-refused")
    assert refund(staff, order, key=key).content == first.content


def unplugged(*of_anything: Any) -> None:
    raise ConnectionError("Somebody pulled the plug.")
