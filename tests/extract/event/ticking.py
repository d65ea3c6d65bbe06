"""Periodic work to try the beat on; as a process of its own it beats once and may die of it."""

from __future__ import annotations

from datetime import timedelta

import django

APP, NAME = "payment", "tick"
HOURLY = timedelta(hours=1)


def declare() -> None:
    from extract.event.beat import periodic

    @periodic(APP, NAME, every=HOURLY)
    def do(key: str) -> None:
        tick()


def tick() -> None:
    from apps.payment.models import Cart
    from extract.data import owned

    with owned(APP):
        Cart.objects.create(subject=NAME)


def ticks() -> int:
    """How often it was done."""
    from apps.payment.models import Cart

    return Cart.objects.filter(subject=NAME).count()


def main() -> None:
    django.setup()
    from extract.event.beat import beat

    declare()
    beat(APP)


if __name__ == "__main__":
    main()
