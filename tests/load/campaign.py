"""One campaign: a fleet, a load, a disturbance, and what must hold afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fleets import Fleet, wait_until
from tests.load.books import Books
from tests.load.disturbances import APPS, COMES_BACK_WITHIN, Disturbance
from tests.load.driver import USUAL, Mix, drive
from tests.load.log import Entry, Log
from tests.redis_server import RedisServer

INSTANCES = 3
SETTLES_WITHIN = 15.0
"""Seconds in which an event goes on once all is healthy (``docs/decisions/0009-messages.md``)."""
SIZE = ("home=2", "identity=2", *(f"{app}={INSTANCES}" for app in APPS))


def unplanned(log: Log) -> list[Entry]:
    """A death may cost a request that has an effect and no key; no GET, and no keyed request
    that is repeated once."""
    keyed = [entry for entry in log.failures(keyed=True) if entry.key in log.unanswered]
    return log.failures(method="GET") + keyed


def planned(log: Log) -> list[Entry]:
    """Nothing may fail."""
    return log.failures()


FORBIDDEN: dict[str, Callable[[Log], list[Entry]]] = {
    "kill": unplanned,
    "planned": planned,
    "redis_away": planned,
}


@dataclass
class Outcome:
    """What a campaign saw. ``forbidden`` and ``disagreements`` are empty if all held."""

    name: str
    seed: int
    log: Log
    done: list[str]
    forbidden: list[Entry] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)
    settled: float = 0.0
    """Seconds from when all processes were there again until nothing waited any more."""

    @property
    def holds(self) -> bool:
        in_time = self.settled <= SETTLES_WITHIN
        return in_time and not self.forbidden and not self.disagreements

    def lines(self) -> list[str]:
        """For people."""
        log, failed = self.log, self.log.failures()
        late = max(log.late, default=0.0)
        return [
            f"{self.name}: seed {self.seed}, n = {len(log.entries)} requests in "
            f"{len(log.late)} visits (begun at most {late:.2f} s late), "
            f"{len(log.orders)} orders acknowledged",
            f"  answered by {len(log.served_by())} processes; GET p50 "
            f"{log.percentile(50, method='GET') * 1000:.0f} ms, p99 "
            f"{log.percentile(99, method='GET') * 1000:.0f} ms; checkout p50 "
            f"{log.percentile(50, path='/api/checkout/') * 1000:.0f} ms, p99 "
            f"{log.percentile(99, path='/api/checkout/') * 1000:.0f} ms",
            *(f"  {act}" for act in self.done),
            f"  failed: {len(failed)}, of these GET {len(log.failures(method='GET'))}, keyed "
            f"{len(log.failures(keyed=True))} (after the repeat {len(log.unanswered)})",
            f"  nothing waits any more {self.settled:.1f} s after all was healthy again"
            f" (at most {SETTLES_WITHIN:g})",
            *(f"  FORBIDDEN {entry}" for entry in self.forbidden[:20]),
            *(f"  DISAGREES {line}" for line in self.disagreements[:20]),
            f"  {'holds' if self.holds else 'BROKEN'}",
        ]


def run(
    name: str, fleet: Fleet, redis: RedisServer, *, seconds: float, seed: int, mix: Mix = USUAL
) -> Outcome:
    """Load the running fleet for ``seconds``, disturbed by ``name``, and look at everything."""
    books = Books(fleet)
    skus = books.stock_up()
    disturbance = Disturbance(fleet, redis, random.Random(seed))
    there = disturbance.numbers()
    log = drive(
        fleet.base_url,
        skus,
        seconds=seconds,
        seed=seed,
        mix=mix,
        disturb=getattr(disturbance, name),
    )
    wait_until(lambda: disturbance.numbers() == there, COMES_BACK_WITHIN)
    settled = books.settle()
    return Outcome(
        name, seed, log, disturbance.done, FORBIDDEN[name](log), books.disagreements(log), settled
    )
