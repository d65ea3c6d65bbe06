"""What payment's tests do again and again: stock a product, sign in, fill a cart, pay."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.test import Client

from apps.product.models import Category, Product
from extract.data import owned

ADDRESS = {
    "line1": "1 High Street",
    "line2": "",
    "city": "Leeds",
    "postcode": "LS1 1AA",
    "country": "GB",
}


def stocked(
    sku: str = "LAMP", *, price: str = "10.00", quantity: int = 50, tax_class: str = "standard"
) -> Product:
    """A product on sale."""
    with owned("product"):
        category, _ = Category.objects.get_or_create(name="Things", slug="things")
        return Product.objects.create(
            sku=sku,
            slug=sku.lower(),
            name=f"The {sku.lower()}",
            category=category,
            price=Decimal(price),
            tax_class=tax_class,
            initial=quantity,
            on_hand=quantity,
        )


def account(email: str = "ada@example.com", **fields: Any) -> Any:
    """A customer, or more if ``fields`` say so."""
    from shop.accounts.models import User

    return User.objects.create_user(email, **fields)


def signed_in(email: str = "ada@example.com", **fields: Any) -> Client:
    """A browser in which that new account is signed in."""
    client = Client()
    client.force_login(account(email, **fields))
    return client


def operator(email: str = "operator@example.com") -> Client:
    return signed_in(email, is_staff=True, is_superuser=True)


def filled_cart(client: Client, **quantities: int) -> str:
    """The id of a cart that the API has filled."""
    cart = client.post("/api/carts/", {}, content_type="application/json").json()["id"]
    for sku, quantity in (quantities or {"LAMP": 2}).items():
        answer = put_item(client, cart, sku, quantity)
        assert answer.status_code == 200, answer.content
    return str(cart)


def put_item(client: Client, cart: str, sku: str, quantity: Any) -> Any:
    return client.put(
        f"/api/carts/{cart}/items/{sku}/",
        {"quantity": quantity},
        content_type="application/json",
    )


def checkout_body(cart: str, **changes: Any) -> dict[str, Any]:
    """A body that pays; ``token`` and ``country`` change what lies deeper."""
    body: dict[str, Any] = {
        "cart": cart,
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "address": {**ADDRESS, "country": changes.pop("country", "GB")},
        "payment": {"provider": "test", "token": changes.pop("token", "tok_visa")},
    }
    return body | changes


def pay(client: Client, cart: str, *, key: str = "", **changes: Any) -> Any:
    """The answer of the checkout API; a fresh key unless one is given."""
    return client.post(
        "/api/checkout/",
        checkout_body(cart, **changes),
        content_type="application/json",
        headers={"Idempotency-Key": key or str(uuid.uuid4())},
    )


def paid_order(client: Client, **quantities: int) -> dict[str, Any]:
    """The checkout's answer for a new cart."""
    answer = pay(client, filled_cart(client, **quantities))
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def refund(client: Client, order: str, body: Any = None, *, key: str = "") -> Any:
    return client.post(
        f"/api/orders/{order}/refunds/",
        {} if body is None else body,
        content_type="application/json",
        headers={"Idempotency-Key": key or str(uuid.uuid4())},
    )
