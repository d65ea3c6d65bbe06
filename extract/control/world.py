"""Everything that the page shows, looked at once a second at most, however many look at it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
from django.conf import settings

from extract.data import open_apps
from extract.event.inbox import DATABASE_AWAY
from extract.event.letters import Letter, letters
from extract.event.models import Pause
from extract.event.pause import paused
from extract.observe.history import Traffic, latest_faults, traffic
from extract.observe.slots import Away, Fault
from extract.queue.depth import Depth, depths
from extract.registry.confirm import about_this
from extract.registry.overview import Overview, Seen, overview
from extract.trust import HOME

T = TypeVar("T")

WELL = "up"
HEALTH = {"draining": "drained", "lapsed": "silent"}
"""What an operator calls it, where the word is another one."""

FRESH = 1.0
"""Seconds for which a look holds."""
QUEUES_FRESH = 3.0
"""The same for what it costs more to look at, and what changes more slowly."""
LETTERS = 20
"""Dead letters of each app that are shown, the oldest."""


class Queue(msgspec.Struct, frozen=True):
    """An app's queue; ``depth`` None: its database does not answer, or is not open here."""

    depth: Depth | None
    pause: Pause | None
    letters: tuple[Letter, ...]


class World(msgspec.Struct, frozen=True):
    """``figures`` None: the store of the figures does not answer."""

    seen: Overview
    queues: dict[str, Queue]
    figures: dict[str, Traffic] | None
    faults: tuple[Fault, ...]

    @property
    def instances(self) -> tuple[Seen, ...]:
        """Who is there to be asked; where everything is one process, that one."""
        if self.seen.registry.url:
            return tuple(each for each in self.seen.instances if each.health != "refusing")
        return (_this_one(),)

    @property
    def workers(self) -> tuple[Seen, ...]:
        return tuple(each for each in self.seen.workers if each.health != "refusing")

    @property
    def avoided(self) -> Counter[str]:
        """By how many processes each instance is left alone, after failures, by its id."""
        everybody = (*self.seen.instances, *self.seen.workers)
        return Counter(
            id for each in everybody for id in {one.partition(" ")[0] for one in each.resting}
        )

    @property
    def refusing(self) -> tuple[Seen, ...]:
        """Who is registered still, though nobody listens there: they have died or are ending."""
        everybody = (*self.seen.instances, *self.seen.workers)
        return tuple(each for each in everybody if each.health == "refusing")


class Kept(Generic[T]):
    """What ``make`` made at most ``seconds`` ago. Whoever comes while it is being made waits for
    it; if making it fails, that is the one's who asked."""

    def __init__(self, make: Callable[[], T], seconds: float = FRESH) -> None:
        self._make = make
        self._seconds = seconds
        self._making = threading.Lock()
        self._value: T
        self._until = float("-inf")

    def get(self) -> T:
        with self._making:
            if time.monotonic() >= self._until:
                self._value = self._make()
                self._until = time.monotonic() + self._seconds
            return self._value

    @property
    def fresh_for(self) -> float:
        """Seconds until it is made anew."""
        return max(self._until - time.monotonic(), 0.0)

    def forget(self) -> None:
        """It has changed: make it anew when it is asked for next."""
        self._until = float("-inf")


def _look() -> World:
    seen = overview()
    try:
        figures, faults = traffic("minute"), tuple(latest_faults())
    except Away:
        figures, faults = None, ()
    return World(seen, queues.get(), figures, faults)


def _queues() -> dict[str, Queue]:
    found = depths()
    return {route.app: _queue(route.app, found.get(route.app)) for route in settings.EXTRACT_ROUTES}


def _queue(app: str, depth: Depth | None) -> Queue:
    if depth is None or app not in open_apps():
        return Queue(None, None, ())
    try:
        dead = letters([app], most=LETTERS) if depth.dead_letters else ()
        return Queue(depth, paused(app), tuple(dead))
    except DATABASE_AWAY:
        return Queue(None, None, ())


def _this_one() -> Seen:
    about = about_this(settings.EXTRACT_INSTANCE, HOME)
    return Seen(
        id=about.id, app=about.role, tier=HOME, address="", version=settings.EXTRACT_VERSION,
        health="up", load=about.load, pid=about.pid, uptime=about.uptime, memory=about.memory,
    )  # fmt: skip


def _past(window: str) -> Callable[[], dict[str, Traffic] | None]:
    def read() -> dict[str, Traffic] | None:
        try:
            return traffic(window)
        except Away:
            return None

    return read


queues = Kept(_queues, QUEUES_FRESH)
world = Kept(_look)
past = {"hour": Kept(_past("hour"), 10.0), "day": Kept(_past("day"), 60.0)}
"""The figures of longer windows."""


def forget() -> None:
    """Something was done: whoever looks next is to see it."""
    everything: tuple[Kept[Any], ...] = (queues, world, *past.values())
    for kept in everything:
        kept.forget()
