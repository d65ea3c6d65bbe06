"""The figures of the last minute, hour and day: who asks whom how often, how long that takes, and
how often it fails.

``record`` is a sink of spans. It only notes; a thread adds up and stores what was noted every
``FLUSH_EVERY`` seconds. While the store is away that is kept, for as long as its slots would be.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import Counter, defaultdict, deque
from contextlib import suppress
from functools import cache

import msgspec
import structlog
from django.conf import settings

from extract.observe.histogram import bucket_of, quantile
from extract.observe.instance import served_by
from extract.observe.slots import (
    KEPT,
    Away,
    Fault,
    InMemory,
    OnRedis,
    Slot,
    Store,
    is_over,
    slot_at,
)
from extract.registry.process import registry_url
from extract.trace import Kind, Span
from extract.trace.span import Outcome
from extract.trust import GATEWAY, HOME

logger = structlog.get_logger(__name__)

FLUSH_EVERY = 2.0
COARSE_EVERY = 10.0
"""Seconds between two additions to the slots longer than the shortest."""
MOST_NOTED = 100_000
"""Hops noted between two flushes; of more, the oldest are not counted."""
WINDOWS = {"minute": (5, 12), "hour": (60, 60), "day": (900, 96)}
"""The length in seconds and the number of the slots of each."""
QUEUE = "queue"
FAILED = "!"


class Traffic(msgspec.Struct):
    """What one went through in a window: ``rates`` a second in each slot, ``rate`` a second in all,
    ``p50`` and ``p99`` in seconds (None: nothing came), ``failed`` how many."""

    rates: list[float]
    rate: float
    count: int
    failed: int
    p50: float | None
    p99: float | None


class _Recorder:
    """What this process has noted and not stored yet."""

    def __init__(self) -> None:
        self.noted: deque[tuple[str, int, bool]] = deque(maxlen=MOST_NOTED)
        self.faults: deque[Fault] = deque(maxlen=100)
        self.unsent: dict[Slot, Counter[str]] = {}
        self.flushing = threading.Lock()
        self.is_started = False
        self.coarse_due = 0.0
        self.is_away = False

    def start(self) -> None:
        self.is_started = True
        threading.Thread(target=self._run, name="history", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(FLUSH_EVERY)
            try:
                flush()
            except Exception:
                logger.exception("history.failing")

    def take_in(self, now: float) -> None:
        """Add up what was noted, in the slots of now."""
        added: Counter[str] = Counter()
        while self.noted:
            series, duration, failed = self.noted.popleft()
            added[f"{series}|{bucket_of(duration)}"] += 1
            if failed:
                added[f"{series}|{FAILED}"] += 1
        if added:
            for length in KEPT:
                self.unsent.setdefault(slot_at(now, length), Counter()).update(added)

    def due(self, now: float, *, everything: bool) -> dict[Slot, Counter[str]]:
        self.unsent = {
            slot: counts for slot, counts in self.unsent.items() if not is_over(slot, now)
        }
        finest = min(KEPT)
        return {
            slot: counts
            for slot, counts in self.unsent.items()
            if everything or slot.length == finest
        }


_recorder = _Recorder()
_memory = InMemory()
_on_redis: dict[str, OnRedis] = {}


def record(span: Span) -> None:
    """Note a hop: the calls of this process, the requests and calls that it serves, the events
    that it handles. Never waits."""
    recorder, labels, kind = _recorder, span.labels, span.kind
    if not recorder.is_started:
        recorder.start()
    failed = span.is_fault or span.outcome is Outcome.UNKNOWN
    if kind is Kind.SERVER:
        if "call" not in labels:
            app = labels.get("app", "")
            series = edge(GATEWAY, app if app in _apps() else HOME)
            recorder.noted.append((series, span.duration, failed))
        recorder.noted.append((served_by(), span.duration, failed))
    elif kind is Kind.CLIENT:
        if "call" in labels:
            series = edge(settings.EXTRACT_ROLE or HOME, labels["app"])
            recorder.noted.append((series, span.duration, failed))
    elif kind is Kind.CONSUMER:
        recorder.noted.append((edge(QUEUE, labels["app"]), span.duration, failed))
    if span.is_fault:
        recorder.faults.append(_fault(span))


def edge(caller: str, app: str) -> str:
    """What the traffic from ``caller``, a role, the gateway or a queue, to ``app`` is called."""
    return f"{caller}>{app}"


def flush(*, everything: bool = False) -> None:
    """Store what was noted until now; ``everything``: also in the slots whose turn it is not."""
    recorder = _recorder
    with recorder.flushing:
        now = time.time()
        recorder.take_in(now)
        everything = everything or now >= recorder.coarse_due
        due = recorder.due(now, everything=everything)
        faults = [recorder.faults.popleft() for _ in range(len(recorder.faults))]
        if not (due or faults):
            return
        try:
            _store().add(due, faults)
        except Away as error:
            recorder.faults.extendleft(reversed(faults))
            if not recorder.is_away:
                logger.warning("history.away", reason=str(error))
            recorder.is_away = True
            return
        recorder.is_away = False
        for slot in due:
            del recorder.unsent[slot]
        if everything:
            recorder.coarse_due = now + COARSE_EVERY


def traffic(window: str) -> dict[str, Traffic]:
    """By ``edge``, and by ``role/id`` of each instance, in the last minute, hour or day.

    The last slot has only begun. Raises ``Away``.
    """
    length, number = WINDOWS[window]
    now = time.time()
    last = slot_at(now, length)
    slots = [Slot(length, last.start - length * back) for back in range(number - 1, -1, -1)]
    seconds = [float(length)] * (number - 1) + [max(now - last.start, 1.0)]
    totals: defaultdict[str, Counter[int]] = defaultdict(Counter)
    failed: Counter[str] = Counter()
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * number)
    for place, figures in enumerate(_store().read(slots)):
        for name, count in figures.items():
            series, _, bucket = name.rpartition("|")
            if bucket == FAILED:
                failed[series] += count
            else:
                totals[series][int(bucket)] += count
                counts[series][place] += count
    return {
        series: Traffic(
            rates=[n / s for n, s in zip(counts[series], seconds, strict=True)],
            rate=sum(counts[series]) / sum(seconds),
            count=sum(counts[series]),
            failed=failed[series],
            p50=quantile(total, 0.5),
            p99=quantile(total, 0.99),
        )
        for series, total in totals.items()
    }


def latest_faults() -> list[Fault]:
    """The newest first. Raises ``Away``."""
    return _store().faults()


@cache
def _apps() -> frozenset[str]:
    return frozenset(route.app for route in settings.EXTRACT_ROUTES)


def _fault(span: Span) -> Fault:
    return Fault(
        at=(span.started_at + span.duration) / 1e9,
        service=served_by(),
        name=span.name[:200],
        error=type(span.error).__name__ if span.error else span.labels.get("status", ""),
        correlation_id=span.correlation_id,
    )


def _store() -> Store:
    url = registry_url()
    if not url:
        return _memory
    store = _on_redis.get(url)
    if store is None:
        store = _on_redis[url] = OnRedis(url)
    return store


def _last_words() -> None:
    if _recorder.is_started:
        with suppress(Exception):
            flush(everything=True)


def _forget() -> None:
    # The thread did not come along, and what it has noted is its own process's to store.
    global _recorder
    _recorder = _Recorder()
    _on_redis.clear()


os.register_at_fork(after_in_child=_forget)
atexit.register(_last_words)
