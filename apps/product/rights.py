"""A customer's rights: product keeps nothing about anybody but what the layer notes of its work.
Reservations are of an order, and tell no more than its lines.
"""

from __future__ import annotations

from uuid import UUID

from extract.subject import Held, UnderWay
from extract.subject.layer import scrub, tables, under_way
from extract.subject.rows import held

APP = "product"


def held_about(*, subject: UUID, after: str) -> Held:
    """The rows of product about the customer, some at a time."""
    return held(tables(APP, str(subject), ()), after)


def forget(*, subject: UUID, orders: tuple[UUID, ...]) -> None:
    """Scrub them. Raises ``UnderWay``."""
    things = [str(order) for order in orders]
    if what := under_way(APP, str(subject), things):
        raise UnderWay(app=APP, what=what)
    scrub(APP, str(subject), things)
