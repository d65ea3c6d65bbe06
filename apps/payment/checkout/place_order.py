"""Placing an order: price the cart, claim the key, start the saga, answer."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

import msgspec
from django.conf import settings
from django.utils import timezone

from apps.payment import access, keyed, pricing
from apps.payment.carts import cart_get
from apps.payment.checkout.saga import CHECKOUT
from apps.payment.leaving import is_leaving
from apps.payment.models import Cart, Order, OrderLine
from apps.payment.pricing import Priced, Wanted
from apps.payment.refusals import (
    ACCOUNT_ENDING,
    CART_BEING_ORDERED,
    CART_EMPTY,
    CART_ORDERED,
    IN_PROGRESS,
    UNAVAILABLE,
    Refused,
    of_refusal,
    out_of_stock,
)
from apps.product.contract import ProductContract
from extract.call import CallError, handle
from extract.data import idempotency, owned
from extract.data.idempotency import Answer
from extract.saga import run, start
from extract.saga.models import SagaRun

product = handle(ProductContract)
PRICING_TRIES = 3


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order goes; ``country`` is ISO 3166 alpha-2, or "" if unknown."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    postcode: str = ""
    country: str = ""


class Purchaser(msgspec.Struct, frozen=True, kw_only=True):
    """Who orders; ``subject`` is "" for a guest."""

    subject: str
    email: str
    name: str
    address: Address


class _CartChanged(Exception):
    """The cart was changed, or taken, after it was priced."""


def place(
    *,
    key: str,
    cart_id: str | uuid.UUID,
    subject: str,
    email: str,
    name: str,
    address: Address,
    provider: str,
    token: str,
) -> Answer:
    """Order what is in the cart and pay for it: one effect and one answer per ``key``.

    Answers 201 with the order, or the problem that is final for the key. Raises
    ``CartNotFound``, or ``Refused`` for what may be tried again with the same key.
    """
    # The cart is always read before the key: whoever sees it taken also sees by which key.
    cart = cart_get(cart_id=cart_id, subject=subject)
    scope = f"checkout:{subject}" if subject else f"checkout:cart:{cart.pk}"
    purchaser = Purchaser(subject=subject, email=email, name=name, address=address)
    content = idempotency.fingerprint(str(cart.pk), purchaser, provider, token)
    for _ in range(PRICING_TRIES):
        if found := keyed.earlier(scope=scope, key=key, content=content):
            return keyed.repeated_answer(KEYED, found.work)
        priced = _price_cart(cart, address)
        order_id = uuid.uuid4()
        try:
            with owned("payment"):
                if is_leaving(subject):
                    raise Refused(ACCOUNT_ENDING)
                idempotency.claim("payment", scope=scope, key=key, content=content, work=order_id)
                _take_cart(cart, order_id)
                _write_order(order_id, purchaser, priced, timezone.now(), silent=False)
                state = {"provider": provider, "token": token}
                lease = start(CHECKOUT, id=order_id, state=state)
        except (idempotency.KeyTaken, _CartChanged):
            cart = cart_get(cart_id=cart_id, subject=subject)
            continue
        return keyed.first_answer(KEYED, order_id, lease)
    raise Refused(IN_PROGRESS)


def place_priced(
    *,
    order_id: uuid.UUID,
    purchaser: Purchaser,
    lines: Iterable[Wanted],
    placed_at: datetime,
    provider: str = "test",
    token: str = "tok_visa",
) -> SagaRun:
    """Run the checkout of a past sale at the given prices, silently; once per ``order_id``."""
    lease = ""
    if not SagaRun.objects.using("payment").filter(pk=order_id).exists():
        to = purchaser.address
        priced = pricing.price(lines, pricing.vat_rates(to.country, to.postcode))
        with owned("payment"):
            _write_order(order_id, purchaser, priced, placed_at, silent=True)
            state = {"provider": provider, "token": token}
            lease = start(CHECKOUT, id=order_id, state=state)
    return run(CHECKOUT, order_id, lease)


def paid_answer(order_id: uuid.UUID) -> Answer:
    """What the client of a paid order is told; ``invoice`` is null if it follows later."""
    order = Order.objects.get(pk=order_id)
    body = {
        "order": str(order.pk),
        "status": "paid",
        "total": {"amount": str(order.total), "currency": order.currency},
        "invoice": order.invoice_number or None,
        "access": access.token(order.pk),
    }
    return Answer(status=201, body=body)


KEYED = keyed.KeyedSaga(saga=CHECKOUT, done=paid_answer, refused=of_refusal)


def _price_cart(cart: Cart, address: Address) -> Priced:
    """The cart at today's prices, with shipping. Raises ``Refused``."""
    if cart.state == Cart.State.ORDERED:
        raise Refused(CART_ORDERED)
    if cart.state == Cart.State.ORDERING:
        raise Refused(CART_BEING_ORDERED)
    quantities = {item.sku: item.quantity for item in cart.items.all()}
    if not quantities:
        raise Refused(CART_EMPTY)
    try:
        quotes = product.quote(skus=tuple(quantities))
    except CallError as error:
        raise Refused(UNAVAILABLE) from error
    if gone := quantities.keys() - {quote.sku for quote in quotes}:
        shortages = [{"sku": s, "wanted": quantities[s], "available": 0} for s in sorted(gone)]
        raise Refused(out_of_stock(shortages))
    return pricing.price_goods(quotes, quantities, address.country, address.postcode)


def _take_cart(cart: Cart, order_id: uuid.UUID) -> None:
    as_priced = Cart.objects.filter(pk=cart.pk, state=Cart.State.OPEN, version=cart.version)
    if not as_priced.update(state=Cart.State.ORDERING, order=order_id):
        raise _CartChanged


def _write_order(
    order_id: uuid.UUID, purchaser: Purchaser, priced: Priced, placed_at: datetime, *, silent: bool
) -> None:
    order = Order.objects.create(
        id=order_id,
        subject=purchaser.subject,
        email=purchaser.email,
        name=purchaser.name,
        currency=settings.CURRENCY,
        net=priced.net,
        vat=priced.vat,
        total=priced.total,
        silent=silent,
        placed_at=placed_at,
        **msgspec.structs.asdict(purchaser.address),
    )
    OrderLine.objects.bulk_create(
        OrderLine(order=order, **msgspec.structs.asdict(line)) for line in priced.lines
    )
