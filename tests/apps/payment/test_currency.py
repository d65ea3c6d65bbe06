"""A shop keeps the currency of its orders: prices on file are numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.payment.pricing import OtherCurrency, price_goods
from apps.product.contract import Money, Quote
from shop import start
from tests.apps.payment.buying import paid_order, stocked

pytestmark = pytest.mark.usefixtures("database")


def test_before_the_first_order_it_is_anybodys_choice(client: Client, settings: Any) -> None:
    stocked("LAMP")
    settings.CURRENCY = "EUR"
    assert client.get("/health/ready/").status_code == 200
    assert "€10.00" in client.get("/products/lamp/").content.decode()


def test_with_orders_in_another_one_it_does_not_start(client: Client, settings: Any) -> None:
    stocked("LAMP")
    paid_order(client)
    assert client.get("/health/ready/").status_code == 200
    settings.CURRENCY = "EUR"
    answer = client.get("/health/ready/")
    assert answer.status_code == 503
    assert "has orders in GBP, and CURRENCY is EUR" in answer.json()["databases"]["payment"]
    with pytest.raises(SystemExit, match="cannot start: the database of payment has orders in GBP"):
        start.prepare()


def test_prices_of_a_process_that_was_told_another_one_are_not_charged() -> None:
    quote = Quote(
        sku="LAMP", slug="lamp", name="A lamp", tax_class="standard", available=1, image="",
        price=Money(amount=Decimal("10.00"), currency="EUR"),
    )  # fmt: skip
    with pytest.raises(OtherCurrency, match="Prices came in EUR, and CURRENCY is GBP here"):
        price_goods([quote], {"LAMP": 1}, "GB")
