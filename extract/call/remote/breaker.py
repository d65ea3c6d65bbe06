"""Which instances to leave alone for a while, as far as this process's own calls tell.

An instance that cannot be reached rests a second at once. One that keeps silent, time and again
or too often, rests for growing times; so does a single method of it that keeps failing there,
while the others go on. After each rest one call is let through on trial.
"""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable

import structlog

logger = structlog.get_logger(__name__)

REFUSED_REST = 1.0
FIRST_REST, LONGEST_REST = 1.0, 30.0
"""Seconds; doubled whenever the trial fails too."""
IN_A_ROW = 5
"""Failures after each other that open a breaker."""
SHARE, ENOUGH, WINDOW = 0.5, 20, 5.0
"""So large a part of the calls of this and the last window of seconds failing opens it too, if
these were enough calls to tell."""
KEPT = 500
"""Instances remembered: a process that comes back has a new id."""

Clock = Callable[[], float]


class State(enum.IntEnum):
    """CLOSED: calls go there. OPEN: none does. HALF_OPEN: the next one will be on trial."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """Closed; or open until a time; from then on half open, for one trial. Not thread-safe."""

    __slots__ = ("_before", "_calls", "_failed", "_in_a_row", "_on_trial", "_rest", "_since",
                 "rests_until")  # fmt: skip

    def __init__(self) -> None:
        self.rests_until = 0.0
        self._rest = FIRST_REST
        self._on_trial = False
        self._in_a_row = 0
        self._since = 0.0
        self._calls = self._failed = 0
        self._before = (0, 0)

    def admits(self, now: float) -> bool:
        return not self.rests_until or (now >= self.rests_until and not self._on_trial)

    def state(self, now: float) -> State:
        if not self.rests_until:
            return State.CLOSED
        return State.OPEN if now < self.rests_until else State.HALF_OPEN

    def begin(self) -> None:
        """A call that was admitted goes out."""
        self._on_trial = bool(self.rests_until)

    def succeeded(self, now: float) -> None:
        self._in_a_row = 0
        self._count(now, failed=0)
        if self.rests_until and now >= self.rests_until:
            self._close()

    def failed(self, now: float) -> bool:
        """Whether it opens by that."""
        self._on_trial = False
        self._in_a_row += 1
        self._count(now, failed=1)
        if now < self.rests_until:
            return False
        if self.rests_until or self._in_a_row >= IN_A_ROW or self._fails_too_often():
            self.rests_until = now + self._rest
            self._rest = min(2 * self._rest, LONGEST_REST)
            return True
        return False

    def refused(self, now: float) -> None:
        self._on_trial = False
        self.rests_until = max(self.rests_until, now + REFUSED_REST)

    def told_nothing(self) -> None:
        """The call ended in a way that says nothing of the other side."""
        self._on_trial = False

    def _close(self) -> None:
        self.rests_until = 0.0
        self._rest = FIRST_REST
        self._on_trial = False
        self._calls = self._failed = 0
        self._before = (0, 0)

    def _count(self, now: float, failed: int) -> None:
        if now - self._since >= WINDOW:
            is_next = now - self._since < 2 * WINDOW
            self._before = (self._calls, self._failed) if is_next else (0, 0)
            self._since, self._calls, self._failed = now, 0, 0
        self._calls += 1
        self._failed += failed

    def _fails_too_often(self) -> bool:
        calls, failed = self._calls + self._before[0], self._failed + self._before[1]
        return calls >= ENOUGH and failed >= SHARE * calls


class Standing:
    """One instance as this process sees it; ``in_flight`` calls to it are under way.

    Each ``begin`` that took a call on is followed by one of the four below it. Thread-safe.
    """

    __slots__ = ("_breaker", "_clock", "_id", "_lock", "_methods", "in_flight")

    def __init__(self, id: str, clock: Clock) -> None:
        self._id = id
        self._clock = clock
        self._lock = threading.Lock()
        self._breaker = Breaker()
        self._methods: dict[str, Breaker] = {}
        self.in_flight = 0

    def admits(self, method: str, now: float) -> bool:
        """Whether a call of the method may go there at ``now``."""
        if not self._methods:
            return self._breaker.admits(now)
        with self._lock:
            return all(breaker.admits(now) for breaker in self._breakers(method))

    def states(self) -> dict[str, State]:
        """Of the instance as a whole (""), and of each method that has failed there."""
        now = self._clock()
        with self._lock:
            methods = {name: breaker.state(now) for name, breaker in self._methods.items()}
            return {"": self._breaker.state(now), **methods}

    def begin(self, method: str) -> bool:
        """Take a call on; False if somebody else has just gone on trial."""
        now = self._clock()
        with self._lock:
            breakers = self._breakers(method)
            for breaker in breakers:
                if not breaker.admits(now):
                    return False
            for breaker in breakers:
                breaker.begin()
            self.in_flight += 1
            return True

    def answered(self, method: str, *, failing: bool = False) -> None:
        """It answered; ``failing``: that the method broke."""
        now = self._clock()
        with self._lock:
            self.in_flight -= 1
            self._breaker.succeeded(now)
            if failing:
                self._failed(self._methods.setdefault(method, Breaker()), now, method)
            elif self._methods and method in self._methods:
                self._methods[method].succeeded(now)

    def silent(self, method: str) -> None:
        """The answer was lost, or did not come in time."""
        now = self._clock()
        with self._lock:
            self._ended(method)
            self._failed(self._breaker, now)

    def refused(self, method: str) -> None:
        """It could not be reached, or is not itself any more."""
        now = self._clock()
        with self._lock:
            self._ended(method)
            self._breaker.refused(now)

    def told_nothing(self, method: str) -> None:
        with self._lock:
            self._ended(method)

    def resting(self, now: float) -> list[str]:
        """The id if the instance rests, or ``id method`` of each method that does."""
        with self._lock:
            if self._breaker.rests_until > now:
                return [self._id]
            methods = self._methods.items()
            return [f"{self._id} {name}" for name, each in methods if each.rests_until > now]

    def _failed(self, breaker: Breaker, now: float, method: str = "") -> None:
        if breaker.failed(now):
            seconds = round(breaker.rests_until - now)
            logger.warning("call.rests", instance=self._id, method=method, seconds=seconds)

    def _ended(self, method: str) -> None:
        self.in_flight -= 1
        for breaker in self._breakers(method):
            breaker.told_nothing()

    def _breakers(self, method: str) -> tuple[Breaker, ...]:
        own = self._methods.get(method) if self._methods else None
        return (self._breaker,) if own is None else (self._breaker, own)


class Health:
    """The standing of every instance, by id."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.clock = clock
        self._standings: dict[str, Standing] = {}

    def of(self, id: str) -> Standing:
        standing = self._standings.get(id)
        if standing is None:
            while len(self._standings) >= KEPT:
                self._standings.pop(next(iter(self._standings)), None)
            standing = self._standings.setdefault(id, Standing(id, self.clock))
        return standing

    def all(self) -> dict[str, Standing]:
        """Of every instance that was called."""
        return self._standings.copy()

    def resting(self) -> list[str]:
        """Who is left alone now, as ``Standing.resting`` names them."""
        now = self.clock()
        return [name for each in tuple(self._standings.values()) for name in each.resting(now)]
