"""What the catalogue's tests do again and again: put products on sale, look at their stock."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.test import Client

from apps.product.contract import Item, ProductContract
from apps.product.models import Product
from apps.product.services import ProductDraft, products_introduce
from extract.call import handle

product = handle(ProductContract)


def shelve(*skus: str, stock: int = 10, **fields: Any) -> None:
    """Products on sale, all alike but for their SKU and name."""
    products_introduce(
        ProductDraft(
            sku=sku,
            stock=stock,
            **{"name": f"The {sku}", "price": Decimal("10.00"), "category": "home", **fields},
        )
        for sku in skus
    )


def shelve_many(count: int) -> None:
    shelve(*(f"P{number:04}" for number in range(count)))


def items(**quantities: int) -> tuple[Item, ...]:
    return tuple(Item(sku=sku, quantity=quantity) for sku, quantity in quantities.items())


def stock_of(sku: str) -> tuple[int, int, int]:
    """Pieces on hand, reserved, sold."""
    found = Product.objects.get(sku=sku)
    return found.on_hand, found.reserved, found.sold


def reserve(checkout: uuid.UUID | None = None, **quantities: int) -> uuid.UUID:
    checkout = checkout or uuid.uuid4()
    product.reserve(checkout=checkout, items=items(**quantities))
    return checkout


def signed_in(**fields: Any) -> Client:
    """A browser with a new account signed in."""
    from shop.accounts.models import User

    client = Client()
    client.force_login(User.objects.create_user(f"{uuid.uuid4().hex}@example.com", **fields))
    return client


def staff() -> Client:
    return signed_in(is_staff=True)
