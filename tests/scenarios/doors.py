"""Who answers at the doors of a fleet."""

from __future__ import annotations

import time
from collections.abc import Collection

from tests.scenarios.over_http import HttpTransport
from tests.scenarios.placements import APPS
from tests.scenarios.shop import Answer, Shop

DOORS = {
    "product": ("/products/", "/api/products/NOTHING/"),
    "payment": ("/cart/", "/checkout/", "/api/carts/none/"),
    "invoice": ("/invoices/NONE/", "/api/invoices/NONE/"),
    "receipt": ("/api/receipts/none/",),
    "home": ("/", "/accounts/login/", "/mails/"),
}
"""Paths that belong to each app, and to home wherever the apps are."""

FOLLOWS_WITHIN = 10.0


def wait_for(base_url: str, outside: Collection[str]) -> None:
    """Wait until the gateway goes to the instances of the apps ``outside``, else home."""
    expected = {app: app if app in outside else "home" for app in (*APPS, "home")}
    transport = HttpTransport(base_url)
    until = time.monotonic() + FOLLOWS_WITHIN
    while (found := _serving(Shop(transport))) != expected:
        assert time.monotonic() < until, f"the gateway goes to {found}, not to {expected}"
        time.sleep(0.01)
    transport.close()


def role_of(answer: Answer) -> str:
    """Whose process it was that answered."""
    return answer.headers.get("x-served-by", f"nobody ({answer.status})").partition("/")[0]


def _serving(visitor: Shop) -> dict[str, str]:
    """The role that answers at each app's doors and home's; all of them, where they differ."""
    return {
        app: "/".join(sorted({role_of(visitor.page(path)) for path in paths}))
        for app, paths in DOORS.items()
    }
