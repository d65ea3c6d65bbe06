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
from typing import NamedTuple

import msgspec
import structlog
from django.db import connections
from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from extract.data import alias_of, open_apps
from extract.event.inbox import DATABASE_AWAY
from extract.event.models import EventRow, InboxEvent, OutboxEvent
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
        with suppress(*DATABASE_AWAY):
            found[app] = Figures(
                outbox=_waiting(OutboxEvent, app),
                inbox=_waiting(InboxEvent, app),
                queue=depth,
                sagas=_sagas(app),
            )
    return found


def _waiting(table: type[EventRow], app: str) -> Waiting:
    waiting = table._default_manager.using(alias_of(app)).filter(state="waiting")
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


def _gauge(name: str, of_what: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, f"{of_what} {_SAME}", labels=("app", *labels))


def _metrics(read: dict[str, Figures | None]) -> Iterator[Metric]:
    answers = _gauge("extract_database_up", "1 if the app's database answers.")
    outbox = _gauge("extract_outbox_events", "Events that wait to be confirmed.")
    outbox_age = _gauge("extract_outbox_oldest_seconds", "Age of the oldest of them.")
    inbox = _gauge("extract_inbox_events", "Events that arrived and wait to be worked on.")
    inbox_age = _gauge("extract_inbox_oldest_seconds", "Age of the oldest of them.")
    queue = _gauge("extract_queue_events", "Events published for the app that it has not handled.")
    queue_age = _gauge("extract_queue_oldest_seconds", "Age of the oldest of them.")
    messages = _gauge("extract_queue_messages", "Messages that the broker holds for the app.")
    dead = _gauge("extract_dead_letters", "Events that wait for somebody to decide.")
    sagas = _gauge("extract_sagas", "Sagas under way.", "saga")
    saga_age = _gauge("extract_saga_oldest_seconds", "Age of the oldest of them.", "saga")
    overdue = _gauge("extract_sagas_overdue", "Those before their pivot past their deadline.", "saga")
    for app, figures in read.items():
        answers.add_metric((app,), figures is not None)
        if figures is None:
            continue
        for metric, value in (
            (outbox, figures.outbox.count),
            (outbox_age, figures.outbox.oldest),
            (inbox, figures.inbox.count),
            (inbox_age, figures.inbox.oldest),
            (queue, figures.queue.depth),
            (queue_age, figures.queue.oldest or 0.0),
            (messages, figures.queue.messages),
            (dead, figures.queue.dead_letters),
        ):
            if value is not None:
                metric.add_metric((app,), value)
        for saga, under_way in figures.sagas.items():
            sagas.add_metric((app, saga), under_way.unfinished.count)
            saga_age.add_metric((app, saga), under_way.unfinished.oldest)
            overdue.add_metric((app, saga), under_way.overdue)
    yield from (
        answers, outbox, outbox_age, inbox, inbox_age, queue, queue_age, messages, dead,
        sagas, saga_age, overdue,
    )  # fmt: skip
