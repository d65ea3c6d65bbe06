"""What must always hold of orders, charges, refunds, carts and the ledger.

Sums are rounded to the penny: SQLite adds up decimals as floating-point numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Round

from apps.payment.models import (
    Cart,
    Charge,
    LedgerEntry,
    Order,
    OrderLine,
    Refund,
    RefundLine,
)
from extract.audit import Row, invariant

MONEY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=20, decimal_places=2)


@invariant("The ledger sums to zero per currency.", app="payment")
def ledger_sums_to_zero() -> Iterator[Row]:
    """Currencies whose entries do not cancel out."""
    sums = (
        LedgerEntry.objects.order_by().values("currency").annotate(balance=_pennies(Sum("amount")))
    )
    yield from sums.exclude(balance=0)


@invariant("Each booking sums to zero, in one currency.", app="payment")
def bookings_sum_to_zero() -> Iterator[Row]:
    """Bookings whose entries do not cancel out, or mix currencies."""
    bookings = LedgerEntry.objects.order_by().values("booking")
    sums = bookings.annotate(
        balance=_pennies(Sum("amount")), currencies=Count("currency", distinct=True)
    )
    yield from sums.filter(~Q(balance=0) | Q(currencies__gt=1)).iterator()


@invariant("An order has at most one live charge.", app="payment")
def one_live_charge_per_order() -> Iterator[Row]:
    """Orders with several captured charges."""
    live = Charge.objects.filter(state=Charge.State.CAPTURED).order_by().values("order")
    yield from live.annotate(charges=Count("id")).filter(charges__gt=1).iterator()


@invariant("No more is refunded than was captured.", app="payment")
def refunds_within_charges() -> Iterator[Row]:
    """Charges with more refunded than their amount, or less than nothing."""
    wrong = Charge.objects.filter(Q(refunded__gt=F("amount")) | Q(refunded__lt=0))
    for charge in wrong.iterator():
        yield {
            "charge": charge.pk,
            "order": charge.order_id,
            "amount": charge.amount,
            "refunded": charge.refunded,
        }


@invariant("A charge's refunded amount is the sum of its order's refunds.", app="payment")
def charges_match_refunds() -> Iterator[Row]:
    """Orders whose charges say another refunded amount than their finished refunds."""
    done = Refund.objects.filter(status=Refund.Status.DONE)
    orders = Order.objects.annotate(
        on_charges=_sum(Charge.objects.all(), "order", "refunded"),
        in_refunds=_sum(done, "order", "amount"),
    )
    for order in orders.exclude(on_charges=F("in_refunds")).iterator():
        yield {
            "order": order.pk,
            "refunded on charges": order.on_charges,
            "refunds done": order.in_refunds,
        }


@invariant("An order's lines give back what its refunds take back.", app="payment")
def lines_match_refunds() -> Iterator[Row]:
    """Order lines whose refunded quantity or VAT differs from their refund lines' sum."""
    standing = RefundLine.objects.exclude(refund__status=Refund.Status.CANCELLED)
    lines = OrderLine.objects.annotate(
        pieces=_sum(standing, "line", "quantity"), vat_back=_sum(standing, "line", "vat")
    )
    wrong = lines.exclude(refunded_quantity=F("pieces"), refunded_vat=F("vat_back"))
    for line in wrong.iterator():
        yield {
            "line": line.pk,
            "order": line.order_id,
            "refunded": line.refunded_quantity,
            "in refunds": line.pieces,
        }


@invariant("An order's totals are the sums of its lines.", app="payment")
def orders_match_lines() -> Iterator[Row]:
    """Orders whose net, VAT or total is not that of their lines."""
    orders = Order.objects.annotate(
        lines_net=_sum(OrderLine.objects.all(), "order", "net"),
        lines_vat=_sum(OrderLine.objects.all(), "order", "vat"),
    )
    wrong = orders.exclude(
        net=F("lines_net"), vat=F("lines_vat"), total=_pennies(F("net") + F("vat"))
    )
    for order in wrong.iterator():
        yield {
            "order": order.pk,
            "total": order.total,
            "net": order.net,
            "net of lines": order.lines_net,
            "vat": order.vat,
            "vat of lines": order.lines_vat,
        }


@invariant("The ledger holds what was charged and paid back for each order.", app="payment")
def ledger_matches_charges() -> Iterator[Row]:
    """Orders whose provider account is not captured minus refunded."""
    entries = LedgerEntry.objects.filter(account=LedgerEntry.Account.PROVIDER)
    orders = Order.objects.annotate(
        captured=_sum(Charge.objects.all(), "order", "amount"),
        paid_back=_sum(Charge.objects.all(), "order", "refunded"),
        booked=_sum(entries, "order", "amount"),
    )
    for order in orders.exclude(booked=_pennies(F("captured") - F("paid_back"))).iterator():
        yield {
            "order": order.pk,
            "captured": order.captured,
            "refunded": order.paid_back,
            "booked": order.booked,
        }


@invariant("A cart that was ordered has a paid order.", app="payment")
def ordered_carts_are_paid() -> Iterator[Row]:
    """Carts in state ordered without an order, or with one that is not paid."""
    paid = Order.objects.filter(status__in=Order.PAID_STATES).values("pk")
    ordered = Cart.objects.filter(state=Cart.State.ORDERED)
    for cart in ordered.filter(Q(order=None) | ~Q(order__in=paid)).iterator():
        yield {"cart": cart.pk, "order": cart.order}


def _pennies(amount: Any) -> Round:
    return Round(amount, precision=2, output_field=MONEY)


def _sum(rows: QuerySet[Any], key: str, field: str) -> Round:
    """The sum of ``field`` over the rows whose ``key`` is the outer row; 0 without any."""
    mine = rows.filter(**{key: OuterRef("pk")}).order_by().values(key)
    sums = mine.annotate(sum_of_rows=Sum(field)).values("sum_of_rows")
    return _pennies(Coalesce(Subquery(sums, output_field=MONEY), Value(Decimal(0))))
