"""Quotes, the shop window, new products and edits, through contract and services."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from apps.product.contract import Money, NewProduct, UnknownSku
from apps.product.models import Product
from apps.product.services import StaleVersion, product_edit
from extract.data import owned
from tests.apps.product.shelf import product, shelve, shelve_many

pytestmark = pytest.mark.usefixtures("database")


def test_quote_keeps_the_order_asked_and_leaves_out_what_is_not_on_sale(binding: str) -> None:
    shelve("A", "B", "C", stock=4)
    with owned("product"):
        Product.objects.filter(sku="B").update(is_active=False)
    quotes = product.quote(skus=("C", "B", "none", "\x00", "A", "C"))
    assert [quote.sku for quote in quotes] == ["C", "A"]
    assert quotes[0].price == Money(amount=Decimal("10.00"), currency="GBP")
    assert (quotes[0].available, quotes[0].tax_class, quotes[0].image) == (4, "standard", "")


def test_quote_of_many_is_one_query() -> None:
    shelve_many(60)
    with CaptureQueriesContext(connections["product"]) as queries:
        assert len(product.quote(skus=tuple(f"P{n:04}" for n in range(60)))) == 60
    assert len(queries) == 1


def test_featured_shows_what_is_in_stock_pictures_and_best_sellers_first(binding: str) -> None:
    shelve("PLAIN", "GONE", "SHOWN", "LOVED")
    with owned("product"):
        Product.objects.filter(sku="GONE").update(on_hand=0, image="product/a.webp", sold=10)
        Product.objects.filter(sku="SHOWN").update(image="product/b.webp")
        Product.objects.filter(sku="LOVED").update(image="product/c.webp", sold=1)
    assert [quote.sku for quote in product.featured(limit=9)] == ["LOVED", "SHOWN", "PLAIN"]
    assert [quote.sku for quote in product.featured(limit=1)] == ["LOVED"]
    assert product.featured(limit=1)[0].image == "/products/media/product/c.webp"


def test_introduce_makes_what_is_missing_and_leaves_the_rest(binding: str) -> None:
    shelve("A", name="An old name")
    new = tuple(NewProduct(sku=sku, name="WHITE LANTERN", price=Decimal("2.5")) for sku in "ABC")
    product.introduce(products=new)
    product.introduce(products=new)
    found = {p.sku: p for p in Product.objects.select_related("category")}
    assert {sku: p.name for sku, p in found.items()} == {
        "A": "An old name",
        "B": "White Lantern",
        "C": "White Lantern",
    }
    assert found["B"].slug == "white-lantern"
    assert found["C"].slug == "white-lantern-c"
    assert (found["B"].price, found["B"].on_hand) == (Decimal("2.50"), 0)
    assert found["B"].category.slug == "light"


def test_introduce_racing_makes_each_once(together: Callable[..., list[Any]]) -> None:
    def introduce(number: int) -> None:
        # Each wants the same slugs for SKUs of its own, and one SKU that all want.
        new = [NewProduct(sku=f"N{number}", name="SAME NAME", price=Decimal(1))]
        new.append(NewProduct(sku="SHARED", name="SAME NAME", price=Decimal(1)))
        product.introduce(products=tuple(new))

    assert together(introduce, 6) == [None] * 6
    assert Product.objects.count() == 7


def test_edit_counts_versions_and_tells_the_second_editor() -> None:
    shelve("A")
    edited = product_edit(sku="A", version=1, changes={"price": Decimal("12.00")})
    assert (edited.version, edited.price) == (2, Decimal("12.00"))
    with pytest.raises(StaleVersion):
        product_edit(sku="A", version=1, changes={"price": Decimal("1.00")})
    with pytest.raises(UnknownSku):
        product_edit(sku="NONE", version=1, changes={"name": "x"})
    with pytest.raises(ValueError, match="on_hand"):
        product_edit(sku="A", version=2, changes={"on_hand": 5})
    assert Product.objects.get(sku="A").price == Decimal("12.00")


def test_of_many_editors_at_once_one_wins(together: Callable[..., list[Any]]) -> None:
    shelve("A")
    results = together(lambda n: product_edit(sku="A", version=1, changes={"name": f"By {n}"}), 8)
    winners = [result for result in results if isinstance(result, Product)]
    assert len(winners) == 1
    assert sum(isinstance(result, StaleVersion) for result in results) == 7
    assert Product.objects.get(sku="A").name == winners[0].name
