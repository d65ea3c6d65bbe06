"""Which cart a visitor is filling, and the cookies that remember it.

A guest's cart is the one that the cookie names. A customer's is their latest open one; the
cart they filled before signing in becomes it, or is poured into it.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.payment import carts, queries
from apps.payment.models import Cart
from extract.identity import Identity

CART_COOKIE = f"{settings.COOKIE_PREFIX}cart"
SIZE_COOKIE = f"{settings.COOKIE_PREFIX}cart_size"


def cart_of(request: HttpRequest) -> Cart | None:
    """The visitor's cart that is not ordered yet, or None."""
    subject = identity(request).subject
    kept = named_cart(request, request.COOKIES.get(CART_COOKIE, ""))
    if not subject:
        return kept if kept is not None and kept.state != Cart.State.ORDERED else None
    own = queries.latest_cart(subject)
    if kept is None or kept.subject or kept.state != Cart.State.OPEN:
        return own
    if own is None:
        carts.cart_claim(cart=kept, subject=subject)
        return kept
    carts.cart_merge(cart=own, guest=kept)
    return own


def to_fill(request: HttpRequest, found: Cart | None) -> Cart | None:
    """``found``, or a new cart if there is none or it is being ordered; None for a client that
    has started too many."""
    if found is not None and found.state == Cart.State.OPEN:
        return found
    subject = identity(request).subject
    if carts.making.take(subject or request.META.get("REMOTE_ADDR", "")):
        return None
    return carts.cart_new(subject=subject)


def named_cart(request: HttpRequest, cart_id: str) -> Cart | None:
    """The cart of that id, if it may be this visitor's."""
    if not cart_id:
        return None
    try:
        return carts.cart_get(cart_id=cart_id, subject=identity(request).subject)
    except carts.CartNotFound:
        return None


def remember(
    request: HttpRequest, response: HttpResponse, cart: Cart | None, size: int
) -> HttpResponse:
    """Let the response keep the cart's id for a guest, and its ``size`` for every header."""
    secure, kept_seconds = settings.SESSION_COOKIE_SECURE, int(settings.CART_KEEP_DAYS * 24 * 3600)
    if cart is not None and not cart.subject:
        response.set_cookie(
            CART_COOKIE,
            str(cart.pk),
            max_age=kept_seconds,
            secure=secure,
            httponly=True,
            samesite="Lax",
        )
    elif CART_COOKIE in request.COOKIES:
        response.delete_cookie(CART_COOKIE, samesite="Lax")
    if size:
        response.set_cookie(
            SIZE_COOKIE, str(size), max_age=kept_seconds, secure=secure, samesite="Lax"
        )
    elif SIZE_COOKIE in request.COOKIES:
        response.delete_cookie(SIZE_COOKIE, samesite="Lax")
    return response


def identity(request: HttpRequest) -> Identity:
    return request.identity  # type: ignore[attr-defined, no-any-return]
