"""Rows come in pages, each row once, whatever the size of the tables."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest

from apps.payment.models import Cart, CartItem
from extract.data import owned
from extract.subject import Held
from extract.subject.rows import chunks, columns, held

AT_ONCE = 3


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extract.subject.rows.AT_ONCE", AT_ONCE)


def pages(subject: str) -> Iterator[Held]:
    after = "0:"
    while after:
        page = held(
            [
                Cart.objects.filter(subject="nobody"),
                Cart.objects.filter(subject=subject),
                lambda: CartItem.objects.filter(cart__subject=subject),
            ],
            after,
        )
        yield page
        after = page.more


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE])
def test_every_row_comes_once(database: None, count: int) -> None:
    with owned("payment"):
        carts = [Cart.objects.create(subject="ada") for _ in range(count)]
        items = [CartItem.objects.create(cart=cart, sku="LAMP", quantity=1) for cart in carts]
        Cart.objects.create(subject="bo")
    found: dict[str, list[str]] = {"cart": [], "cartitem": []}
    for page in pages("ada"):
        assert len(page.rows) <= AT_ONCE
        for row in page.rows:
            found[page.table].append(str(json.loads(row)["id"]))
    assert sorted(found["cart"]) == sorted(str(cart.pk) for cart in carts)
    assert sorted(found["cartitem"]) == sorted(str(item.pk) for item in items)


def test_a_row_has_all_its_columns(database: None) -> None:
    with owned("payment"):
        cart = Cart.objects.create(subject="ada", order=uuid.uuid4())
    (page,) = (page for page in pages("ada") if page.rows)
    row = json.loads(page.rows[0])
    assert list(row) == columns(Cart)
    assert (row["id"], row["order"], row["state"]) == (str(cart.pk), str(cart.order), "open")


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (3, [3]), (4, [3, 1]), (6, [3, 3])])
def test_ids_come_in_chunks_one_at_least(count: int, sizes: list[int]) -> None:
    assert [len(chunk) for chunk in chunks(range(count))] == sizes
