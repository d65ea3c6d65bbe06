"""What waits in the databases: outboxes, queues, dead letters, sagas. Home's to tell, for all apps.

It is read in a thread of its own, and not more often than every few seconds, however many ask: a
database that is slow or away holds nobody up, and scrapers cannot hurt it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import structlog
from django.db import connections
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from extract.data import alias_of, open_apps
from extract.event.inbox import DATABASE_AWAY
from extract.event.models import InboxEvent, OutboxEvent
from extract.queue.depth import Depth, depths
from extract.saga import sagas_of
from extract.saga.models import SagaRun

logger = structlog.get_logger(__name__)

FRESH = 5.0
"""Seconds for which figures are told again instead of being read."""
PATIENCE = 2.0
"""Seconds that a scrape waits for them. Later ones are told what comes after that."""
STALE = 30.0
"""Seconds after which old figures are told no more."""


class Waiting(msgspec.Struct, frozen=True):
    """How many, and the age of the oldest in seconds; 0 if there is none."""

    count: int
    oldest: float


class SagaFigures(msgspec.Struct, frozen=True):
    unfinished: Waiting
    overdue: int


class Figures(msgspec.Struct, frozen=True):
    """Of one app."""

    outbox: Waiting
    inbox: Waiting
    queue: Depth
    sagas: dict[str, SagaFigures]


class _Read(NamedTuple):
    at: float
    figures: dict[str, Figures | None]


class Stored(Collector):
    """Registered once for a process; tells nothing of an app whose database does not answer but
    that."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = _Read(float("-inf"), {})
        self._reading: threading.Thread | None = None

    def collect(self) -> Iterator[Metric]:
        return _metrics(self._figures())

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering asks no database."""
        return iter(())

    def _figures(self) -> dict[str, Figures | None]:
        with self._lock:
            if time.monotonic() - self._last.at >= FRESH and self._reading is None:
                self._reading = threading.Thread(target=self._read, name="metrics", daemon=True)
                self._reading.start()
            reading = self._reading
        if reading is not None:
            reading.join(PATIENCE)
        last = self._last
        is_stale = time.monotonic() - last.at > STALE
        return dict.fromkeys(open_apps()) if is_stale else last.figures

    def _read(self) -> None:
        try:
            self._last = _Read(time.monotonic(), figures())
        except Exception:
            logger.exception("metrics.not_read")
        finally:
            connections.close_all()
            self._reading = None


def figures() -> dict[str, Figures | None]:
    """By app; None where its database does not answer."""
    found: dict[str, Figures | None] = dict.fromkeys(open_apps())
    for app, depth in depths().items():
        outbox = OutboxEvent.objects.using(alias_of(app))
        inbox = InboxEvent.objects.using(alias_of(app))
        with suppress(*DATABASE_AWAY):
            found[app] = Figures(
                outbox=_waiting(outbox.filter(state=OutboxEvent.State.WAITING)),
                inbox=_waiting(inbox.filter(state=InboxEvent.State.WAITING)),
                queue=depth,
                sagas=_sagas(app),
            )
    return found


def _waiting(waiting: QuerySet[Any]) -> Waiting:
    found = waiting.aggregate(count=Count("pk"), since=Min("occurred_at"))
    return Waiting(found["count"], _age(found["since"]))


def _sagas(app: str) -> dict[str, SagaFigures]:
    """The declared ones, and what else is under way."""
    now = timezone.now()
    overdue = Q(status=SagaRun.Status.RUNNING, past_pivot=False, deadline_at__lt=now)
    unfinished = SagaRun.objects.using(alias_of(app)).filter(status__in=SagaRun.UNFINISHED)
    found = (
        unfinished.values("saga")
        .annotate(count=Count("pk"), since=Min("created_at"), late=Count("pk", filter=overdue))
        .order_by()
    )
    none = {saga.name: SagaFigures(Waiting(0, 0.0), 0) for saga in sagas_of(app)}
    return none | {
        row["saga"]: SagaFigures(Waiting(row["count"], _age(row["since"])), row["late"])
        for row in found
    }


def _age(since: datetime | None) -> float:
    return max((timezone.now() - since).total_seconds(), 0.0) if since else 0.0


_SAME = "Read from the database by each instance of home: take the max, not the sum."
OF_APPS = {
    "extract_outbox_events": "Events that wait to be confirmed.",
    "extract_outbox_oldest_seconds": "Age of the oldest event that waits to be confirmed.",
    "extract_inbox_events": "Events that arrived and wait to be worked on.",
    "extract_inbox_oldest_seconds": "Age of the oldest event that waits to be worked on.",
    "extract_queue_events": "Events published for the app that it has not handled.",
    "extract_queue_oldest_seconds": "Age of the oldest event that the app has not handled.",
    "extract_queue_messages": "Messages that the broker holds for the app.",
    "extract_dead_letters": "Events that wait for somebody to decide.",
    "extract_database_up": "1 if the app's database answers.",
}
OF_SAGAS = {
    "extract_sagas": "Sagas under way.",
    "extract_saga_oldest_seconds": "Age of the oldest saga under way.",
    "extract_sagas_overdue": "Sagas past their deadline and still before their pivot.",
}


def _metrics(read: dict[str, Figures | None]) -> Iterator[Metric]:
    by_name = {
        name: GaugeMetricFamily(name, f"{of_what} {_SAME}", labels=labels)
        for names, labels in ((OF_APPS, ("app",)), (OF_SAGAS, ("app", "saga")))
        for name, of_what in names.items()
    }
    for app, figures in read.items():
        by_name["extract_database_up"].add_metric((app,), figures is not None)
        if figures is None:
            continue
        for name, value in _of_app(figures).items():
            if value is not None:
                by_name[name].add_metric((app,), value)
        for saga, of_saga in figures.sagas.items():
            unfinished = of_saga.unfinished
            by_name["extract_sagas"].add_metric((app, saga), unfinished.count)
            by_name["extract_saga_oldest_seconds"].add_metric((app, saga), unfinished.oldest)
            by_name["extract_sagas_overdue"].add_metric((app, saga), of_saga.overdue)
    yield from by_name.values()


def _of_app(figures: Figures) -> dict[str, float | None]:
    queue = figures.queue
    return {
        "extract_outbox_events": figures.outbox.count,
        "extract_outbox_oldest_seconds": figures.outbox.oldest,
        "extract_inbox_events": figures.inbox.count,
        "extract_inbox_oldest_seconds": figures.inbox.oldest,
        "extract_queue_events": queue.depth,
        "extract_queue_oldest_seconds": queue.oldest or 0.0,
        "extract_queue_messages": queue.messages,
        "extract_dead_letters": queue.dead_letters,
    }
