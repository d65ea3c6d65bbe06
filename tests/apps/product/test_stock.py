"""Reservations through the contract: all or nothing, once, and no piece lost."""

from __future__ import annotations

import uuid

import pytest

from apps.product.contract import CheckoutReleased, OutOfStock, Shortage, UnknownSku
from apps.product.models import Product, Reservation
from extract.call import OutcomeUnknown
from extract.data import owned
from tests.apps.product.shelf import items, product, reserve, shelve, stock_of

pytestmark = pytest.mark.usefixtures("database", "binding")


def test_reserve_sets_pieces_aside_once() -> None:
    shelve("A", "B")
    checkout = reserve(A=4, B=1)
    reserve(checkout, A=4, B=1)
    assert stock_of("A") == (6, 4, 0)
    assert stock_of("B") == (9, 1, 0)


def test_reserve_adds_up_lines_of_one_product() -> None:
    shelve("A")
    product.reserve(checkout=uuid.uuid4(), items=(*items(A=4), *items(A=5)))
    assert stock_of("A") == (1, 9, 0)
    with pytest.raises(OutOfStock) as caught:
        product.reserve(checkout=uuid.uuid4(), items=(*items(A=1), *items(A=1)))
    assert caught.value.shortages == (Shortage(sku="A", wanted=2, available=1),)


def test_a_shortage_takes_nothing_and_tells_every_shortage() -> None:
    shelve("A", "B", "C", stock=3)
    with pytest.raises(OutOfStock) as caught:
        reserve(A=4, B=3, C=9)
    assert sorted(caught.value.shortages, key=lambda short: short.sku) == [
        Shortage(sku="A", wanted=4, available=3),
        Shortage(sku="C", wanted=9, available=3),
    ]
    assert {sku: stock_of(sku) for sku in "ABC"} == dict.fromkeys("ABC", (3, 0, 0))
    assert not Reservation.objects.exists()


def test_a_refused_checkout_may_try_again_after_a_delivery() -> None:
    shelve("A", stock=1)
    checkout = uuid.uuid4()
    with pytest.raises(OutOfStock):
        reserve(checkout, A=2)
    product.restock(reference=uuid.uuid4(), items=items(A=1))
    reserve(checkout, A=2)
    assert stock_of("A") == (0, 2, 0)


@pytest.mark.parametrize("sku", ["NONE", "no such", "\x00", "A" * 500, "🦊"])
def test_reserve_of_an_unknown_product_takes_nothing(sku: str) -> None:
    shelve("A")
    with pytest.raises(UnknownSku):
        product.reserve(checkout=uuid.uuid4(), items=items(**{"A": 1, sku: 1}))
    assert stock_of("A") == (10, 0, 0)


def test_reserve_of_a_product_taken_off_sale_is_refused() -> None:
    shelve("A")
    with owned("product"):
        Product.objects.update(is_active=False)
    with pytest.raises(UnknownSku):
        reserve(A=1)


@pytest.mark.parametrize("quantity", [0, -3])
def test_reserve_never_takes_a_negative_quantity(quantity: int) -> None:
    shelve("A")
    with pytest.raises(OutcomeUnknown):
        reserve(A=quantity)
    assert stock_of("A") == (10, 0, 0)


def test_a_quantity_beyond_all_columns_is_a_shortage() -> None:
    shelve("A")
    with pytest.raises(OutOfStock):
        reserve(A=2**62)
    assert stock_of("A") == (10, 0, 0)


def test_release_gives_back_once() -> None:
    shelve("A")
    checkout = reserve(A=4)
    product.release(checkout=checkout)
    product.release(checkout=checkout)
    assert stock_of("A") == (10, 0, 0)


def test_a_late_reserve_after_release_is_refused() -> None:
    shelve("A")
    checkout = uuid.uuid4()
    product.release(checkout=checkout)
    with pytest.raises(CheckoutReleased):
        reserve(checkout, A=1)
    assert stock_of("A") == (10, 0, 0)


def test_release_never_undoes_a_sale() -> None:
    shelve("A")
    checkout = reserve(A=4)
    product.sell(checkout=checkout)
    product.release(checkout=checkout)
    product.sell(checkout=checkout)
    assert stock_of("A") == (6, 0, 4)


def test_what_was_released_cannot_be_sold() -> None:
    shelve("A")
    checkout = reserve(A=4)
    product.release(checkout=checkout)
    with pytest.raises(CheckoutReleased):
        product.sell(checkout=checkout)
    assert stock_of("A") == (10, 0, 0)


def test_sell_of_an_unknown_checkout_is_refused() -> None:
    with pytest.raises(CheckoutReleased):
        product.sell(checkout=uuid.uuid4())


def test_restock_books_in_once_per_reference_and_product() -> None:
    shelve("A", "B")
    reference = uuid.uuid4()
    product.restock(reference=reference, items=items(A=5))
    product.restock(reference=reference, items=items(A=5, B=2))
    product.restock(reference=uuid.uuid4(), items=items(A=1))
    assert stock_of("A") == (16, 0, 0)
    assert stock_of("B") == (12, 0, 0)


def test_restock_of_an_unknown_product_books_nothing() -> None:
    shelve("A")
    with pytest.raises(UnknownSku):
        product.restock(reference=uuid.uuid4(), items=items(A=5, NONE=1))
    assert stock_of("A") == (10, 0, 0)
