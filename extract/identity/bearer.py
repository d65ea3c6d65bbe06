"""Bearer tokens of API clients (RFC 6750), where an authorization server issues them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from extract.identity.identity import NOBODY, Identity
from extract.identity.source import Source

Verify = Callable[[str], Identity]
"""Whom a token proves; nobody for one that does not count. Raises ``LoginUnknown``."""

_verify: Verify | None = None


def accept_bearers(verify: Verify) -> None:
    """From now on this process takes bearer tokens, and believes ``verify`` of them."""
    global _verify
    _verify = verify


def bearers_accepted() -> bool:
    return _verify is not None


def bearer_token(request: HttpRequest) -> str | None:
    """The token that was sent; None where there is none to look at."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and bearers_accepted() else None


def read_bearer(token: str) -> tuple[Identity, Source]:
    assert _verify is not None, "no bearer tokens are accepted here"
    identity = _verify(token) if token else NOBODY
    return identity, Source.BEARER if identity.is_authenticated else Source.REFUSED
