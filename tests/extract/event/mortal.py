"""A process of its own that publishes and delivers, and dies where it is told to."""

from __future__ import annotations

import django

THINGS = ("a", "b")
NUMBERS = (1, 2, 3)


def main() -> None:
    django.setup()
    from extract.event.worker import drain
    from tests.extract.event.scene import Counter, count

    Counter()
    for number in NUMBERS:
        for thing in THINGS:
            count(thing, number)
    drain()


if __name__ == "__main__":
    main()
