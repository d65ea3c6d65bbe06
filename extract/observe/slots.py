"""Where the figures of the last day are kept, by slots of time: in Redis for all processes, or in
the memory of the only one."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import msgspec
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

PATIENCE = 0.5
"""Seconds that Redis may take to connect or to answer."""
SETTLED = 30.0
"""Seconds after its end from which on nothing more is added to a slot, as a rule."""
FAULTS = 100
"""Faults remembered."""


class Slot(NamedTuple):
    """``length`` seconds from ``start``, in seconds since 1970."""

    length: int
    start: int

    @property
    def end(self) -> int:
        return self.start + self.length


KEPT = {5: 40, 60: 70, 900: 100}
"""How many slots of each length, in seconds, are kept."""


def slot_at(moment: float, length: int) -> Slot:
    return Slot(length, int(moment // length) * length)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A hop that failed as nobody declared; ``at`` in seconds since 1970, ``error`` its type."""

    at: float
    service: str
    name: str
    error: str
    correlation_id: str


class Away(Exception):
    """The store cannot be reached. The message says why."""


class Store(Protocol):
    """Every method raises ``Away``."""

    def add(self, figures: Mapping[Slot, Counter[str]], faults: Collection[Fault]) -> None:
        """Add to what is kept of these slots, and to the faults, the oldest of them first."""

    def read(self, slots: Iterable[Slot]) -> list[Mapping[str, int]]:
        """What is kept of each."""

    def faults(self) -> list[Fault]:
        """The latest, the newest first."""


class InMemory:
    """For the only process that there is."""

    def __init__(self) -> None:
        self._slots: dict[Slot, Counter[str]] = {}
        self._faults: deque[Fault] = deque(maxlen=FAULTS)

    def add(self, figures: Mapping[Slot, Counter[str]], faults: Collection[Fault]) -> None:
        now = time.time()
        for slot, counts in figures.items():
            self._slots.setdefault(slot, Counter()).update(counts)
        for slot in [slot for slot in tuple(self._slots) if is_over(slot, now)]:
            del self._slots[slot]
        self._faults.extendleft(faults)

    def read(self, slots: Iterable[Slot]) -> list[Mapping[str, int]]:
        return [dict(self._slots.get(slot, ())) for slot in slots]

    def faults(self) -> list[Fault]:
        return list(self._faults)


class OnRedis:
    """A hash for each slot, which expires, and a list of faults. What is read of a slot that is
    over is remembered. Thread-safe."""

    PREFIX = "{extract}:history"

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 1),
        )
        self._read: dict[Slot, Mapping[str, int]] = {}

    def add(self, figures: Mapping[Slot, Counter[str]], faults: Collection[Fault]) -> None:
        with _answering():
            pipeline = self._redis.pipeline(transaction=True)
            for slot, counts in figures.items():
                key = self._key(slot)
                for name, count in counts.items():
                    pipeline.hincrby(key, name, count)
                pipeline.expire(key, slot.length * KEPT[slot.length])
            if faults:
                pipeline.lpush(f"{self.PREFIX}:faults", *map(msgspec.json.encode, faults))
                pipeline.ltrim(f"{self.PREFIX}:faults", 0, FAULTS - 1)
                pipeline.expire(f"{self.PREFIX}:faults", 86_400)
            pipeline.execute()

    def read(self, slots: Iterable[Slot]) -> list[Mapping[str, int]]:
        wanted, known = list(slots), self._read
        missing = [slot for slot in wanted if slot not in known]
        with _answering():
            pipeline = self._redis.pipeline(transaction=False)
            for slot in missing:
                pipeline.hgetall(self._key(slot))
            answers = pipeline.execute()
        now = time.time()
        found = {
            slot: {name: int(count) for name, count in answer.items()}
            for slot, answer in zip(missing, answers, strict=True)
        }
        answered = [found[slot] if slot in found else known[slot] for slot in wanted]
        self._read = {
            slot: counts
            for slot, counts in (known | found).items()
            if slot.end + SETTLED < now and not is_over(slot, now)
        }
        return answered

    def faults(self) -> list[Fault]:
        with _answering():
            lines = self._redis.lrange(f"{self.PREFIX}:faults", 0, -1)
        return [msgspec.json.decode(line, type=Fault) for line in lines]

    def _key(self, slot: Slot) -> str:
        return f"{self.PREFIX}:{slot.length}:{slot.start}"


def is_over(slot: Slot, now: float) -> bool:
    """Whether it is not kept any more."""
    return slot.start + slot.length * KEPT[slot.length] < now


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise Away(f"Redis, which keeps the figures, does not answer: {error}") from error
