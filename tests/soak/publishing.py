"""Who publishes: transactions of one to three events of one thing, some of them rolled back."""

from __future__ import annotations

import random
import threading
from collections import Counter

from django.db import connections

from extract.data import owned
from extract.event import publish
from tests.soak.effects import PUBLISHER, Plain, Stepped
from tests.soak.plan import Plan
from tests.soak.verdict import under_way

NEVER = 0
"""The number of what was rolled back."""
ROLLED_BACK = 0.1


class Publisher(threading.Thread):
    """Publishes as ``plan`` says, until it is stopped. ``committed`` says how many events each
    thing has: those with the numbers from 1 on, of which the even ones have a second step."""

    def __init__(self, plan: Plan, dice: random.Random) -> None:
        super().__init__(name="publisher", daemon=True)
        self.committed: Counter[str] = Counter()
        self.rolled_back = 0
        self._error: BaseException | None = None
        self._plan = plan
        self._dice = dice
        self._over = threading.Event()

    def run(self) -> None:
        try:
            while not self._over.is_set():
                self._publish()
                self._pause()
        except BaseException as error:
            self._error = error
        finally:
            connections.close_all()

    def stop(self) -> None:
        """Raises what it failed with."""
        self._over.set()
        self.join()
        if self._error is not None:
            raise self._error

    @property
    def total(self) -> int:
        return self.committed.total()

    def _publish(self) -> None:
        thing = f"thing-{self._dice.randrange(self._plan.things)}"
        count = self._dice.randint(1, 3)
        try:
            with owned(PUBLISHER):
                if self._dice.random() < ROLLED_BACK:
                    _publish(thing, NEVER, Plain)
                    _publish(thing, NEVER, Stepped)
                    raise _ChangedItsMind
                for number in range(self.committed[thing] + 1, self.committed[thing] + count + 1):
                    _publish(thing, number, Plain if number % 2 else Stepped)
        except _ChangedItsMind:
            self.rolled_back += 2
        else:
            self.committed[thing] += count

    def _pause(self) -> None:
        """Keep to the rate, and wait for those who are behind."""
        self._over.wait(self._dice.uniform(0.0, 4.0) / self._plan.rate)
        while under_way() > self._plan.backlog and not self._over.wait(0.1):
            pass


class _ChangedItsMind(Exception):
    """The transaction is to leave nothing."""


def _publish(thing: str, number: int, kind: type[Plain] | type[Stepped]) -> None:
    publish(kind(thing=thing, number=number), aggregate=thing)
