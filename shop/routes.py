"""The one list of apps, with the URL prefixes that are theirs. All else follows from it: settings,
environment variables, databases, roles, secrets, the gateway, the back office."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Route:
    """An app's label, and every path prefix below which it answers. What is ``public`` can be
    read while nobody can be told who is reading. An app with much ``background`` work has workers
    of its own when it is out; that of the others home's do."""

    app: str
    prefixes: tuple[str, ...]
    public: bool = False
    background: bool = False


ROUTES = (
    Route(app="product", prefixes=("/products/", "/api/products/"), public=True),
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
        background=True,
    ),
    Route(app="invoice", prefixes=("/invoices/", "/api/invoices/")),
    Route(app="receipt", prefixes=("/api/receipts/",), background=True),
)

APP_LABELS = tuple(route.app for route in ROUTES)

STANDING_PAGES = ("terms", "privacy", "returns", "imprint", "contact")
"""The pages that the footer leads to, at ``/pages/…/``."""

PUBLIC_PAGES = (
    "/",
    "/robots.txt",
    "/sitemap.xml",
    "/favicon.ico",
    *(f"/pages/{slug}/" for slug in STANDING_PAGES),
)
"""Of the paths that are no app's, those that are public."""

EVERYWHERE = ("/health/",)
"""Prefixes that every process answers, whatever its role."""
