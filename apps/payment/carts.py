"""What can be done to a cart. A cart belongs to a customer, or to whoever knows its id."""

from __future__ import annotations

import uuid

from django.db.models import F
from django.utils import timezone

from apps.payment.models import MAX_QUANTITY, Cart, CartItem
from apps.product.contract import ProductContract, UnknownSku
from extract.call import DeclaredError, handle
from extract.data import owned

product = handle(ProductContract)


class CartNotFound(DeclaredError):
    """There is no such cart."""


class CartClosed(DeclaredError):
    """This cart has been ordered or is being ordered; start a new one."""


def cart_create(*, subject: str) -> Cart:
    """A new, empty cart of ``subject``, or of nobody in particular if that is ""."""
    with owned("payment"):
        return Cart.objects.create(subject=subject)


def cart_get(*, cart_id: str | uuid.UUID, subject: str) -> Cart:
    """The cart, if it is the subject's or nobody's. Raises ``CartNotFound``."""
    try:
        cart = Cart.objects.filter(pk=uuid.UUID(str(cart_id))).first()
    except ValueError:
        cart = None
    if cart is None or cart.subject not in ("", subject):
        raise CartNotFound()
    return cart


def cart_claim(*, cart: Cart, subject: str) -> None:
    """Let a guest's cart be the customer's, once they have signed in."""
    with owned("payment"):
        Cart.objects.filter(pk=cart.pk, subject="").update(subject=subject)
    cart.subject = subject


def cart_merge(*, cart: Cart, guest: Cart) -> None:
    """Move what a guest's cart holds into the customer's, once; no effect on a closed one.

    Raises ``CartClosed`` if the customer's cart is being ordered.
    """
    with owned("payment"):
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

    Raises ``UnknownSku`` or ``CartClosed``.
    """
    if not product.quote(skus=(sku,)):
        raise UnknownSku(sku=sku)
    with owned("payment"):
        _touch(cart)
        before = CartItem.objects.filter(cart=cart, sku=sku).first()
        if add and before is not None:
            quantity = min(quantity + before.quantity, MAX_QUANTITY)
        CartItem.objects.update_or_create(cart=cart, sku=sku, defaults={"quantity": quantity})


def cart_remove(*, cart: Cart, sku: str) -> None:
    """Take the product out; no effect if it is not there. Raises ``CartClosed``."""
    with owned("payment"):
        _touch(cart)
        CartItem.objects.filter(cart=cart, sku=sku).delete()


def _touch(cart: Cart) -> None:
    is_open = Cart.objects.filter(pk=cart.pk, state=Cart.State.OPEN)
    if not is_open.update(version=F("version") + 1, updated_at=timezone.now()):
        raise CartClosed()
