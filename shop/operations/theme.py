"""How the back office looks: Unfold, in the shop's colours."""

from __future__ import annotations

from typing import Any

_LIGHTNESS = dict(
    zip(
        (50, *range(100, 1000, 100), 950),
        (97, 94, 88, 80, 70, 55, 39, 33, 28, 23, 17),
        strict=True,
    )
)


def unfold(shop_name: str) -> dict[str, Any]:
    """Its settings."""
    return {
        "SITE_TITLE": shop_name,
        "SITE_HEADER": shop_name,
        "SITE_SYMBOL": "storefront",
        "SITE_FAVICONS": [
            {"rel": "icon", "type": "image/svg+xml", "href": "shop.operations.navigation.icon"}
        ],
        "STYLES": ["shop.operations.navigation.style"],
        "SCRIPTS": ["shop.operations.navigation.script"],
        "DASHBOARD_CALLBACK": "shop.operations.first_page.first_page",
        "SIDEBAR": {"navigation": "shop.operations.navigation.sections"},
        "COLORS": {
            "primary": {str(step): f"oklch({light}% .07 165)" for step, light in _LIGHTNESS.items()}
        },
    }
