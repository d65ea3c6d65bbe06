"""A brake on guessing: so many failed tries per client and per account, then a pause."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

WINDOW = 300
"""Seconds for which a failed try counts."""
TRIES_PER_ACCOUNT = 10
TRIES_PER_CLIENT = 50


def is_braked(request: HttpRequest, account: str) -> bool:
    """Whether this client, or anyone for this account, has failed too often."""
    if getattr(settings, "THROTTLE", "on") == "off":
        return False
    tries = cache.get_many(list(_limits(request, account)))
    limits = _limits(request, account)
    return any(count >= limits[key] for key, count in tries.items())


def count_failure(request: HttpRequest, account: str) -> None:
    """Remember a failed try for ``WINDOW`` seconds from the first one."""
    for key in _limits(request, account):
        cache.add(key, 0, WINDOW)
        try:
            cache.incr(key)
        except ValueError:  # lapsed in between: this try is the first of a new window
            cache.set(key, 1, WINDOW)


def _limits(request: HttpRequest, account: str) -> dict[str, int]:
    digest = hashlib.sha256(account.strip().lower().encode()).hexdigest()[:32]
    client = request.META.get("REMOTE_ADDR", "")
    return {
        f"login:account:{digest}": TRIES_PER_ACCOUNT,
        f"login:client:{client}": TRIES_PER_CLIENT,
    }
