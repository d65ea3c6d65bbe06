"""Many at once: threads with connections of their own, on whichever database the run has."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from apps.product.contract import CheckoutReleased, OutOfStock
from tests.apps.product.shelf import items, product, reserve, shelve, stock_of

pytestmark = pytest.mark.usefixtures("database")

Together = Callable[[Callable[[int], Any], int], list[Any]]


def test_the_last_pieces_are_sold_once(together: Together) -> None:
    shelve("A", stock=5)
    results = together(lambda number: reserve(A=1), 20)
    assert sum(isinstance(result, uuid.UUID) for result in results) == 5
    assert sum(isinstance(result, OutOfStock) for result in results) == 15
    assert stock_of("A") == (0, 5, 0)


def test_one_checkout_sent_many_times_at_once_reserves_once(together: Together) -> None:
    shelve("A", "B")
    checkout = uuid.uuid4()
    assert together(lambda number: reserve(checkout, A=3, B=1), 12) == [checkout] * 12
    assert stock_of("A") == (7, 3, 0)
    assert stock_of("B") == (9, 1, 0)


def test_baskets_in_any_order_do_not_wait_for_each_other(together: Together) -> None:
    shelve(*"ABCD", stock=1000)

    def buy(number: int) -> None:
        skus = "ABCD" if number % 2 else "DCBA"
        checkout = reserve(**dict.fromkeys(skus, 1))
        product.sell(checkout=checkout) if number % 3 else product.release(checkout=checkout)
        reference = uuid.uuid4()
        product.restock(reference=reference, items=items(**dict.fromkeys(reversed(skus), 1)))

    assert together(buy, 16) == [None] * 16
    sold = sum(1 for number in range(16) if number % 3)
    assert {sku: stock_of(sku) for sku in "ABCD"} == dict.fromkeys("ABCD", (1016 - sold, 0, sold))


def test_reserve_and_release_racing_leave_nothing_held(together: Together) -> None:
    shelve("A")
    for _ in range(5):
        checkout = uuid.uuid4()

        def race(number: int, checkout: uuid.UUID = checkout) -> None:
            if number % 2:
                product.release(checkout=checkout)
            else:
                reserve(checkout, A=2)

        results = together(race, 8)
        assert all(r is None or isinstance(r, CheckoutReleased) for r in results), results
        assert stock_of("A") == (10, 0, 0)


def test_sell_and_release_racing_agree_on_one_end(together: Together) -> None:
    shelve("A", stock=10)
    for _ in range(5):
        before = stock_of("A")
        checkout = reserve(A=1)

        def race(number: int, checkout: uuid.UUID = checkout) -> None:
            (product.sell if number % 2 else product.release)(checkout=checkout)

        results = together(race, 8)
        on_hand, reserved, sold = stock_of("A")
        was_sold = sold > before[2]
        assert reserved == 0
        assert on_hand + sold == 10
        refused = [r for r in results if isinstance(r, CheckoutReleased)]
        assert len(refused) == (0 if was_sold else 4)


def test_one_delivery_booked_many_times_at_once_counts_once(together: Together) -> None:
    shelve("A", "B")
    reference = uuid.uuid4()
    results = together(
        lambda number: product.restock(reference=reference, items=items(A=5, B=1)), 10
    )
    assert results == [None] * 10
    assert stock_of("A") == (15, 0, 0)
    assert stock_of("B") == (11, 0, 0)
