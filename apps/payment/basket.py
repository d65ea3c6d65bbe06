"""Which cart a visitor is filling, and the cookies that remember it.

A guest's cart is the one that the cookie names. A customer's is their latest open one; the
cart they filled before signing in becomes it, or is poured into it.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from apps.payment import carts, queries
from apps.payment.models import Cart
from extract.identity import Identity

CART_COOKIE = "cart"
SIZE_COOKIE = "cart_size"
KEPT_SECONDS = 90 * 24 * 3600


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
    secure = request.is_secure()
    if cart is not None and not cart.subject:
        response.set_cookie(
            CART_COOKIE,
            str(cart.pk),
            max_age=KEPT_SECONDS,
            secure=secure,
            httponly=True,
            samesite="Lax",
        )
    elif CART_COOKIE in request.COOKIES:
        response.delete_cookie(CART_COOKIE, samesite="Lax")
    if size:
        response.set_cookie(
            SIZE_COOKIE, str(size), max_age=KEPT_SECONDS, secure=secure, samesite="Lax"
        )
    elif SIZE_COOKIE in request.COOKIES:
        response.delete_cookie(SIZE_COOKIE, samesite="Lax")
    return response


def identity(request: HttpRequest) -> Identity:
    return request.identity  # type: ignore[attr-defined, no-any-return]
