"""A process of its own that publishes and delivers, and dies where it is told to."""

from __future__ import annotations

import django

THINGS = ("a", "b", "c", "d")
NUMBERS = (1, 2, 3)
FAILING = ("b", "c", "d")
"""Things whose first event fails at first, so that what follows has to wait in the inbox."""


def main() -> None:
    django.setup()
    from extract.event.background import drain
    from tests.extract.event.scene import Broken, Counted, Counter, count, time_passes

    failed: set[str] = set()

    def fail_at_first(event: Counted) -> None:
        if event.thing in FAILING and event.thing not in failed:
            failed.add(event.thing)
            raise Broken

    Counter().recording = fail_at_first
    for number in NUMBERS:
        for thing in THINGS:
            count(thing, number)
    drain()
    time_passes()
    drain()


if __name__ == "__main__":
    main()
