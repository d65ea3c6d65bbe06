"""What happens to each event: payment writes one row, and every other one has a second step.

A row is a cart whose ``version`` is how many rows of the same thing were there before, so it
tells the order in which effects took place.
"""

from __future__ import annotations

import os
import time
from typing import ClassVar

from django.conf import settings

from apps.payment.models import Cart
from extract.event import Event, subscribe

PUBLISHER, SUBSCRIBER = "product", "payment"
TAKES = 0.03
"""Seconds of a second step, as it would take to send a mail."""


class Plain(Event, frozen=True, kw_only=True):
    """The ``number``-th thing that happened to ``thing``: to be recorded."""

    app: ClassVar[str] = PUBLISHER

    thing: str
    number: int


class Stepped(Event, frozen=True, kw_only=True):
    """The same, but to be told to the world outside as well."""

    app: ClassVar[str] = PUBLISHER

    thing: str
    number: int


@subscribe(Plain, app=SUBSCRIBER)
def record_plain(event: Plain) -> None:
    """Its row."""
    _record(event.thing, event.number)


@subscribe(Stepped, app=SUBSCRIBER)
def record_stepped(event: Stepped) -> None:
    """Its row."""
    _record(event.thing, event.number)


@record_stepped.then
def tell(event: Stepped) -> None:
    """A line in a file, at once or not at all; then a while in which it may have to be repeated."""
    file = os.open(settings.SOAK_FINISHED, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, f"{event.thing}/{event.number}\n".encode())
    finally:
        os.close(file)
    time.sleep(TAKES)


def _record(thing: str, number: int) -> None:
    before = Cart.objects.filter(subject__startswith=f"{thing}/").count()
    Cart.objects.create(subject=f"{thing}/{number}", version=before)
