"""Reads of the catalogue: what is on sale, what it costs, how many are there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from apps.product.contract import Money, Quote
from apps.product.models import Category, Product

LOW = 10
SOLD_OUT = Q(on_hand=0)
RUNNING_LOW = Q(on_hand__gt=0, on_hand__lt=LOW)

_SKU = re.compile(r"[A-Za-z0-9._-]{1,40}\Z")


def is_sku(text: str) -> bool:
    """Whether ``text`` could be a SKU at all; anything else is not worth asking the database."""
    return _SKU.match(text) is not None


def categories() -> QuerySet[Category]:
    """All categories, in their order."""
    return Category.objects.all()


def products_on_sale() -> QuerySet[Product]:
    """Active products with their category, by name."""
    return _on_sale().select_related("category")


def product_by_sku(sku: str, *, even_inactive: bool = False) -> Product | None:
    """The product of that SKU, or None if it does not exist or is not on sale."""
    if not is_sku(sku):
        return None
    products = Product.objects.select_related("category") if even_inactive else products_on_sale()
    return products.filter(sku=sku).first()


def quotes(skus: Iterable[str]) -> tuple[Quote, ...]:
    """The products among ``skus`` that are on sale, each once, in the order asked."""
    asked = [sku for sku in dict.fromkeys(skus) if is_sku(sku)]
    found = {product.sku: quote_of(product) for product in _on_sale().filter(sku__in=asked)}
    return tuple(found[sku] for sku in asked if sku in found)


def featured(limit: int) -> tuple[Quote, ...]:
    """Up to ``limit`` products in stock: those with a picture first, best-selling first."""
    has_picture = Case(When(image="", then=Value(1)), default=Value(0), output_field=IntegerField())
    products = _on_sale().filter(on_hand__gt=0)
    return tuple(
        quote_of(product)
        for product in products.order_by(has_picture, "-sold", "sort_key", "id")[: max(limit, 0)]
    )


def _on_sale() -> QuerySet[Product]:
    return Product.objects.filter(is_active=True).defer("sort_key")


def quote_of(product: Product) -> Quote:
    """The product as the contract tells of it."""
    return Quote(
        sku=product.sku,
        slug=product.slug,
        name=product.name,
        price=Money(amount=product.price, currency=settings.CURRENCY),
        tax_class=product.tax_class,
        available=product.on_hand,
        image=product.card_picture,
        srcset=product.srcset,
    )


def image_path(product: Product) -> str:
    """The URL path of the product's whole picture, or ""."""
    return str(product.image.url) if product.image else ""
