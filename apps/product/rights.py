"""A customer's rights: product knows orders alone, by their reservations, which tell of nobody."""

from __future__ import annotations

from uuid import UUID

from apps.product.models import Reservation, ReservedItem
from extract.subject import Held
from extract.subject.layer import refuse_under_way, scrub, tables
from extract.subject.rows import held

APP = "product"


def held_about(*, subject: UUID, orders: tuple[UUID, ...], after: str) -> Held:
    """The rows of product about the customer and these of their orders, some at a time."""
    things = [str(order) for order in orders]
    return held(
        [
            Reservation.objects.filter(pk__in=orders),
            ReservedItem.objects.filter(reservation__in=orders),
            *tables(APP, str(subject), lambda: things),
        ],
        after,
    )


def forget(*, subject: UUID, orders: tuple[UUID, ...]) -> None:
    """Scrub them. Raises ``UnderWay``."""
    things = [str(order) for order in orders]
    refuse_under_way(APP, str(subject), things)
    scrub(APP, str(subject), things)
