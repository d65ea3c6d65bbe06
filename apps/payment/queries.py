"""Reads of payment: carts as they would be bought now, and orders for whoever may see them."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from apps.payment import access, pricing
from apps.payment.contract import OrderSummary
from apps.payment.models import Cart, CartItem, Order, OrderLine, Refund
from apps.payment.pricing import SHIPPING, Priced
from apps.product.contract import Money, ProductContract, Quote, penny
from apps.receipt.contract import ReceiptContract, ReceiptState
from extract.call import CallError, handle
from extract.identity import Identity

product = handle(ProductContract)
receipt = handle(ReceiptContract)

MOST_SUMMARIES = 100
LATE = timedelta(minutes=10)
"""Who pays waits for seconds; what takes longer is for somebody to look at."""


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a cart at today's net price.

    A product that is no longer on sale has no slug, image or price, and 0 ``available``.
    """

    sku: str
    name: str
    slug: str
    image: str
    srcset: str = ""
    quantity: int
    price: Money
    total: Money
    available: int

    @property
    def is_short(self) -> bool:
        """Whether fewer pieces are there than wanted."""
        return self.available < self.quantity


class CartView(msgspec.Struct, frozen=True, kw_only=True):
    """A cart as it would be bought now; ``total`` is net, without shipping."""

    id: uuid.UUID
    items: tuple[CartLine, ...]
    total: Money

    @property
    def size(self) -> int:
        """How many pieces are in it."""
        return sum(line.quantity for line in self.items)


class VatRow(msgspec.Struct, frozen=True, kw_only=True):
    """What an order has at one VAT rate, in percent."""

    rate: Decimal
    net: Decimal
    vat: Decimal


def cart_view(cart: Cart) -> CartView:
    """The cart with names and prices, in one call. Raises ``CallError``."""
    items = list(cart.items.all())
    return _view(cart, items, _quotes(items))


def cart_priced(cart: Cart, country: str, postcode: str) -> tuple[CartView, Priced]:
    """The cart, and what it costs at an address there. Raises ``CallError``."""
    items = list(cart.items.all())
    quotes = _quotes(items)
    quantities = {item.sku: item.quantity for item in items}
    priced = pricing.price_goods(quotes.values(), quantities, country, postcode)
    return _view(cart, items, quotes), priced


def wanted_and_available(cart: Cart, sku: str) -> tuple[int, int]:
    """Pieces of the product that the cart holds, and that are in stock; as many as it holds while
    the catalogue does not say."""
    wanted = CartItem.objects.filter(cart=cart, sku=sku).values_list("quantity", flat=True).first()
    try:
        (quote,) = product.quote(skus=(sku,)) or (None,)
    except CallError:
        quote = None
    return wanted or 0, quote.available if quote is not None else wanted or 0


def cart_size(cart: Cart) -> int:
    """How many pieces are in the cart."""
    return int(cart.items.aggregate(size=Coalesce(Sum("quantity"), 0))["size"])


def latest_cart(subject: str) -> Cart | None:
    """The cart that the customer is filling, or None."""
    mine = Cart.objects.filter(subject=subject, state=Cart.State.OPEN)
    return mine.order_by("-updated_at").first()


def order_of_cart(cart: Cart) -> uuid.UUID | None:
    """The order that the cart has become, or None."""
    became = Cart.objects.filter(pk=cart.pk, state=Cart.State.ORDERED)
    return became.values_list("order", flat=True).first()


def orders_visible(identity: Identity) -> QuerySet[Order]:
    """Staff see every order; a customer their own, once paid."""
    if identity.operates("payment"):
        return Order.objects.all()
    if not identity.is_authenticated:
        return Order.objects.none()
    return Order.objects.filter(subject=identity.subject, status__in=Order.PAID_STATES)


def order_history(subject: str) -> QuerySet[Order]:
    """The customer's paid orders, newest first, with their number of ``pieces``."""
    mine = Order.objects.filter(subject=subject, status__in=Order.PAID_STATES)
    pieces = Sum("lines__quantity", filter=~Q(lines__sku=SHIPPING))
    # Grouped rows do not inherit the model's ordering.
    return mine.annotate(pieces=Coalesce(pieces, 0)).order_by("-placed_at", "-id")


def order_for(order_id: uuid.UUID | str, identity: Identity, access_hash: str) -> Order | None:
    """The order with its lines and refunds, if this caller may see it.

    ``access_hash`` is the SHA-256 in hexadecimal of the token presented, or "".
    """
    try:
        pk = uuid.UUID(str(order_id))
    except ValueError:
        return None
    order = Order.objects.filter(pk=pk).prefetch_related("lines", "refunds").first()
    if order is None or identity.operates("payment"):
        return order
    if order.status not in Order.PAID_STATES:
        return None
    is_own = identity.is_authenticated and order.subject == identity.subject
    is_open = hmac.compare_digest(access_hash, access.token_hash(pk))
    return order if is_own or is_open else None


def last_order(subject: str) -> Order | None:
    """The customer's latest paid order, for its address."""
    return Order.objects.filter(subject=subject, status__in=Order.PAID_STATES).first()


def order_exists(order_id: uuid.UUID) -> bool:
    return Order.objects.filter(pk=order_id).exists()


def is_order_of(order_id: uuid.UUID, subject: str) -> bool:
    """Whether the order was placed by that customer, or by a guest if it is ""."""
    return Order.objects.filter(pk=order_id, subject=subject).exists()


def currency_kept() -> str:
    """The currency that orders are in, or "" before the first one."""
    return next(iter(Order.objects.order_by().values_list("currency", flat=True)[:1]), "")


def order_summaries(subject: uuid.UUID, limit: int) -> tuple[OrderSummary, ...]:
    """The customer's latest orders, newest first, at most ``MOST_SUMMARIES``."""
    return tuple(
        OrderSummary(
            order=order.pk,
            placed_at=order.placed_at,
            status=order.status,
            total=Money(amount=order.total, currency=order.currency),
            pieces=order.pieces,  # type: ignore[attr-defined]
        )
        for order in order_history(str(subject))[: min(max(limit, 0), MOST_SUMMARIES)]
    )


def under_way_too_long() -> Q:
    """Of orders: neither paid nor cancelled for longer than ``LATE``."""
    return Q(status=Order.Status.PENDING, placed_at__lt=timezone.now() - LATE)


def invoice_is_late() -> Q:
    """Of orders: paid for longer than ``LATE``, and still without an invoice."""
    paid = Q(status=Order.Status.PAID, invoice_number="")
    return paid & Q(placed_at__lt=timezone.now() - LATE)


def refund_under_way_too_long() -> Q:
    """Of refunds: neither done nor cancelled for longer than ``LATE``."""
    return Q(status=Refund.Status.PENDING, created_at__lt=timezone.now() - LATE)


def sales_by_day(since: datetime) -> dict[date, Decimal]:
    """The totals of paid orders placed since then, by the day in the shop's time zone."""
    orders = Order.objects.filter(status__in=Order.PAID_STATES, placed_at__gte=since)
    return _by_day(orders, "placed_at", "total")


def refunds_by_day(since: datetime) -> dict[date, Decimal]:
    """What was paid back of refunds asked for since then, by the day in the shop's time zone."""
    refunds = Refund.objects.filter(status=Refund.Status.DONE, created_at__gte=since)
    return _by_day(refunds, "created_at", "amount")


def _by_day(rows: QuerySet[Any], moment: str, amount: str) -> dict[date, Decimal]:
    days = rows.order_by().annotate(day=TruncDate(moment)).values("day")
    return dict(days.annotate(sum=Sum(amount)).values_list("day", "sum"))


def vat_rows(lines: Iterable[OrderLine]) -> tuple[VatRow, ...]:
    """Net and VAT summed by rate, highest first."""
    lines = list(lines)
    rates = sorted({line.vat_rate for line in lines}, reverse=True)
    return tuple(
        VatRow(
            rate=rate,
            net=sum((line.net for line in lines if line.vat_rate == rate), Decimal(0)),
            vat=sum((line.vat for line in lines if line.vat_rate == rate), Decimal(0)),
        )
        for rate in rates
    )


def receipt_state(order_id: uuid.UUID) -> ReceiptState | None:
    """What became of the order's receipt mail; None also when receipt cannot be asked."""
    try:
        return receipt.state(order=order_id)
    except CallError:
        return None


def _quotes(items: Sequence[CartItem]) -> dict[str, Quote]:
    if not items:
        return {}
    return {quote.sku: quote for quote in product.quote(skus=tuple(i.sku for i in items))}


def _view(cart: Cart, items: Sequence[CartItem], quotes: dict[str, Quote]) -> CartView:
    lines = tuple(_line(item, quotes.get(item.sku)) for item in items)
    total = sum((line.total.amount for line in lines), Decimal("0.00"))
    return CartView(id=cart.pk, items=lines, total=_money(total))


def _line(item: CartItem, quote: Quote | None) -> CartLine:
    if quote is None:
        nothing = _money(Decimal("0.00"))
        return CartLine(
            sku=item.sku,
            name=item.sku,
            slug="",
            image="",
            quantity=item.quantity,
            price=nothing,
            total=nothing,
            available=0,
        )
    return CartLine(
        sku=item.sku,
        name=quote.name,
        slug=quote.slug,
        image=quote.image,
        srcset=quote.srcset,
        quantity=item.quantity,
        price=quote.price,
        total=_money(penny(quote.price.amount * item.quantity)),
        available=quote.available,
    )


def _money(amount: Decimal) -> Money:
    return Money(amount=amount, currency=settings.CURRENCY)
