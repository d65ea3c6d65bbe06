"""Any sequence of stock movements, against the books kept by a few lines of Python."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.product.contract import CheckoutReleased, OutOfStock
from extract.audit import audit
from tests.apps.product.shelf import items, product, shelve, stock_of

pytestmark = pytest.mark.usefixtures("database")

SKUS = ("A", "B", "C")
baskets = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 5), min_size=1)
steps = st.one_of(
    st.tuples(st.just("reserve"), st.integers(0, 4), baskets),
    st.tuples(st.sampled_from(["release", "sell"]), st.integers(0, 4), st.just({})),
    st.tuples(st.just("restock"), st.integers(0, 3), baskets),
)


class Books:
    """What the stock should be."""

    def __init__(self, stock: int) -> None:
        self.on_hand = Counter(dict.fromkeys(SKUS, stock))
        self.reserved: Counter[str] = Counter()
        self.sold: Counter[str] = Counter()
        self.held: dict[uuid.UUID, dict[str, int]] = {}
        self.ended: dict[uuid.UUID, str] = {}
        self.booked: set[tuple[uuid.UUID, str]] = set()

    def reserve(self, checkout: uuid.UUID, basket: dict[str, int]) -> str:
        if self.ended.get(checkout) == "release":
            return "released"
        if checkout in self.held or checkout in self.ended:
            return "done"
        if any(self.on_hand[sku] < quantity for sku, quantity in basket.items()):
            return "short"
        self.on_hand.subtract(basket)
        self.reserved.update(basket)
        self.held[checkout] = basket
        return "done"

    def release(self, checkout: uuid.UUID, basket: dict[str, int]) -> str:
        if checkout in self.held:
            pieces = self.held.pop(checkout)
            self.reserved.subtract(pieces)
            self.on_hand.update(pieces)
        self.ended.setdefault(checkout, "release")
        return "done"

    def sell(self, checkout: uuid.UUID, basket: dict[str, int]) -> str:
        if checkout in self.held:
            pieces = self.held.pop(checkout)
            self.reserved.subtract(pieces)
            self.sold.update(pieces)
            self.ended[checkout] = "sell"
        return "done" if self.ended.get(checkout) == "sell" else "released"

    def restock(self, reference: uuid.UUID, basket: dict[str, int]) -> str:
        for sku, quantity in basket.items():
            if (reference, sku) not in self.booked:
                self.booked.add((reference, sku))
                self.on_hand[sku] += quantity
        return "done"


def attempt(step: str, which: uuid.UUID, basket: dict[str, int]) -> str:
    try:
        if step == "reserve":
            product.reserve(checkout=which, items=items(**basket))
        elif step == "restock":
            product.restock(reference=which, items=items(**basket))
        else:
            getattr(product, step)(checkout=which)
    except OutOfStock:
        return "short"
    except CheckoutReleased:
        return "released"
    return "done"


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=st.lists(steps, max_size=25), stock=st.integers(0, 8))
def test_stock_is_as_the_books_say(
    story: list[tuple[str, int, dict[str, int]]], stock: int
) -> None:
    from tests.emptying import empty_databases

    empty_databases()
    shelve(*SKUS, stock=stock)
    books = Books(stock)
    ids = [uuid.uuid4() for _ in range(5)]
    for step, which, basket in story:
        assert attempt(step, ids[which], basket) == getattr(books, step)(ids[which], basket)
    for sku in SKUS:
        assert stock_of(sku) == (books.on_hand[sku], books.reserved[sku], books.sold[sku])
    ours = [broken for broken in audit(delays=()) if "tock" in broken.invariant]
    assert [b for b in ours if "checkout" not in b.invariant and "orders" not in b.invariant] == []
