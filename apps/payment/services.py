"""Writes to orders that are no checkout and no refund."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Lower

from apps.payment.contract import OrderClaimed
from apps.payment.leaving import is_leaving
from apps.payment.models import Order
from extract.data import owned
from extract.event import publish

AT_ONCE = 100


def orders_claim(*, subject: UUID, email: str) -> None:
    """Give the customer the paid orders that guests placed under the address, and tell it.

    Those with an invoice: before it, others have not heard of the order and would miss the news.
    None to a customer who leaves.
    """
    guests = Order.objects.alias(address=Lower("email")).filter(
        ~Q(email=""), ~Q(invoice_number=""), subject="", address=email.lower()
    )
    claimed = AT_ONCE
    while claimed == AT_ONCE:
        with owned("payment"):
            if is_leaving(str(subject)):
                return
            orders = list(guests.select_for_update().values_list("pk", flat=True)[:AT_ONCE])
            claimed = Order.objects.filter(pk__in=orders).update(subject=str(subject))
            for order in orders:
                publish(OrderClaimed(order=order, subject=str(subject)), aggregate=str(order))
