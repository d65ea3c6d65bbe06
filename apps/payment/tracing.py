"""What payment's orders are called in the log."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models.functions import Lower

from apps.payment.models import Order, Refund
from extract.observe.traces import names_of

LATEST = 20
"""Orders of one guest that are looked up."""


@names_of
def of_guest(asked: str) -> Iterator[str]:
    """The latest orders of a guest's address. A customer's lines have the customer's id."""
    if "@" in asked:
        guests = Order.objects.annotate(address=Lower("email")).filter(subject="")
        orders = guests.filter(address=asked.lower()).values_list("pk", flat=True)
        yield from map(str, orders[:LATEST])


@names_of
def of_order(asked: str) -> Iterator[str]:
    """An order's refunds, which are sagas of their own."""
    try:
        order = UUID(asked)
    except ValueError:
        return
    yield from map(str, Refund.objects.filter(order=order).values_list("pk", flat=True))
