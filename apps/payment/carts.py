"""What can be done to a cart. A cart belongs to a customer, or to whoever knows its id.

Its row is made with its first item. Until then the id alone says that the cart is ours to be
filled, and whose it is: its last four bytes are a MAC.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from apps.payment.leaving import Leaves, is_leaving
from apps.payment.models import MAX_QUANTITY, Cart, CartItem
from apps.product.contract import ProductContract, UnknownSku
from extract.call import DeclaredError, handle
from extract.data import owned
from extract.identity.bucket import Bucket

product = handle(ProductContract)

making = Bucket(per_minute=300, burst=200)
"""How many carts one client may start."""
CHUNK = 500
"""Carts that are deleted in one transaction."""


class CartNotFound(DeclaredError):
    """There is no such cart."""


class CartClosed(DeclaredError):
    """This cart has been ordered or is being ordered; start a new one."""


def cart_new(*, subject: str) -> Cart:
    """A new, empty cart of ``subject``, or of nobody in particular if that is ""; no row yet."""
    random = uuid.uuid4().bytes[:12]
    return Cart(pk=uuid.UUID(bytes=random + _mac(random, subject)), subject=subject)


def cart_get(*, cart_id: str | uuid.UUID, subject: str) -> Cart:
    """The cart, if it is the subject's or nobody's. Raises ``CartNotFound``."""
    try:
        pk = uuid.UUID(str(cart_id))
    except ValueError:
        raise CartNotFound() from None
    cart = Cart.objects.filter(pk=pk).first() or _empty(pk, subject)
    if cart is None or cart.subject not in ("", subject):
        raise CartNotFound()
    return cart


def cart_claim(*, cart: Cart, subject: str) -> None:
    """Let a guest's cart be the customer's, once they have signed in, unless they leave."""
    with owned("payment"):
        if is_leaving(subject):
            return
        Cart.objects.filter(pk=cart.pk, subject="").update(subject=subject)
    cart.subject = subject


def cart_merge(*, cart: Cart, guest: Cart) -> None:
    """Move what a guest's cart holds into the customer's, once; no effect on a closed one.

    Raises ``CartClosed`` if the customer's cart is being ordered.
    """
    with owned("payment"):
        if is_leaving(cart.subject):
            return
        left = Cart.objects.filter(pk=guest.pk, subject="", state=Cart.State.OPEN)
        if not left.update(subject=cart.subject, version=F("version") + 1):
            return
        _touch(cart)
        quantities = {item.sku: item.quantity for item in cart.items.all()}
        for item in guest.items.all():
            quantity = min(quantities.get(item.sku, 0) + item.quantity, MAX_QUANTITY)
            CartItem.objects.update_or_create(
                cart=cart, sku=item.sku, defaults={"quantity": quantity}
            )
        CartItem.objects.filter(cart=guest).delete()


def cart_put(*, cart: Cart, sku: str, quantity: int, add: bool = False) -> None:
    """Set how many pieces the cart holds (``add``: on top of what it holds).

    Raises ``UnknownSku``, ``CartClosed`` or ``Leaves``.
    """
    if not product.quote(skus=(sku,)):
        raise UnknownSku(sku=sku)
    with owned("payment"):
        if is_leaving(cart.subject):
            raise Leaves
        if not _is_touched(cart):
            # Its first item, or the first one since it was forgotten.
            Cart.objects.bulk_create(
                [Cart(pk=cart.pk, subject=cart.subject)], ignore_conflicts=True
            )
            _touch(cart)
        before = CartItem.objects.filter(cart=cart, sku=sku).first()
        if add and before is not None:
            quantity = min(quantity + before.quantity, MAX_QUANTITY)
        CartItem.objects.update_or_create(cart=cart, sku=sku, defaults={"quantity": quantity})


def cart_remove(*, cart: Cart, sku: str) -> None:
    """Take the product out; no effect if it is not there. Raises ``CartClosed``."""
    with owned("payment"):
        if Cart.objects.filter(pk=cart.pk).exists():
            _touch(cart)
            CartItem.objects.filter(cart=cart, sku=sku).delete()


def carts_forget() -> int:
    """Delete the open carts that nobody has changed for ``CART_KEEP_DAYS``, a few at a time;
    returns how many."""
    kept_since = timezone.now() - timedelta(days=settings.CART_KEEP_DAYS)
    abandoned = Cart.objects.filter(state=Cart.State.OPEN, updated_at__lt=kept_since)
    forgotten = 0
    while pks := list(abandoned.values_list("pk", flat=True)[:CHUNK]):
        with owned("payment"):
            # Once more, and locked: one that is being ordered now, or filled, is kept.
            still = abandoned.filter(pk__in=pks).select_for_update().values_list("pk", flat=True)
            found = list(still)
            Cart.objects.filter(pk__in=found).delete()
            forgotten += len(found)
    return forgotten


def _touch(cart: Cart) -> None:
    if not _is_touched(cart):
        raise CartClosed()


def _is_touched(cart: Cart) -> bool:
    is_open = Cart.objects.filter(pk=cart.pk, state=Cart.State.OPEN)
    return bool(is_open.update(version=F("version") + 1, updated_at=timezone.now()))


def _empty(pk: uuid.UUID, subject: str) -> Cart | None:
    """The cart without a row that the id stands for, if it is one of ours."""
    for owner in (subject, ""):
        if hmac.compare_digest(pk.bytes[12:], _mac(pk.bytes[:12], owner)):
            return Cart(pk=pk, subject=owner)
    return None


def _mac(random: bytes, subject: str) -> bytes:
    key = settings.APP_SECRET_KEYS["payment"].encode()
    return hmac.digest(key, b"cart:" + random + subject.encode(), "sha256")[:4]
