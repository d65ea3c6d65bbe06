"""The devices that an account was used on: a signed cookie that names them lets their owner in
while strangers guess. It proves nothing else.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

SALT = "shop.accounts.device"
REMEMBERED = 365 * 24 * 3600
"""Seconds since it was last signed in on."""
ACCOUNTS = 8
"""As many are remembered on one device, the latest."""


def known_for(request: HttpRequest, account: str) -> str:
    """The device's random id if ``account`` was signed in on it, else ""."""
    kept = _kept(request)
    return str(kept["id"]) if _mark(account) in kept["accounts"] else ""


def remember(request: HttpRequest, response: HttpResponseBase, account: str) -> None:
    """Let the device know that ``account`` was signed in on it."""
    kept = _kept(request)
    others = [mark for mark in kept["accounts"] if mark != _mark(account)]
    kept["accounts"] = [_mark(account), *others][:ACCOUNTS]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(kept, salt=SALT),
        max_age=REMEMBERED,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _kept(request: HttpRequest) -> dict[str, Any]:
    cookie = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        kept: dict[str, Any] = signing.loads(cookie, salt=SALT, max_age=REMEMBERED)
    except signing.BadSignature:
        return {"id": secrets.token_urlsafe(16), "accounts": []}
    return kept


def _mark(account: str) -> str:
    """Tells accounts apart to the shop alone."""
    return salted_hmac(SALT, account, algorithm="sha256").hexdigest()[:24]
