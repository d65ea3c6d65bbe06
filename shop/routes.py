"""The one list of apps with the URL prefixes that are theirs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Route:
    """An app's label, and every path prefix below which it answers."""

    app: str
    prefixes: tuple[str, ...]


ROUTES = (
    Route(app="product", prefixes=("/products/", "/api/products/")),
    Route(
        app="payment",
        prefixes=(
            "/cart/",
            "/checkout/",
            "/orders/",
            "/api/carts/",
            "/api/checkout/",
            "/api/orders/",
        ),
    ),
    Route(app="invoice", prefixes=("/invoices/", "/api/invoices/")),
    Route(app="receipt", prefixes=("/api/receipts/",)),
)
