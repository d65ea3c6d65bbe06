"""What it costs that an event gets there: events a second from commit to handled, against a bare
Celery task that writes the same row, on each broker; and how long one takes while all is idle.

The publisher and its relay are this process, as in a serving one; a worker is another one.
"""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from celery import Celery
from django.conf import settings
from django.db import connections

from apps.payment.models import Cart
from extract.data import owned
from extract.event import background
from extract.event.models import InboxEvent
from extract.queue.configuration import configure
from extract.queue.sending import Queued
from tests import components
from tests.bench.measure import Figure
from tests.extract.event.scene import SUBSCRIBER, Counter, count
from tests.fleets import wait_until
from tests.messages.workers import Worker
from tests.rabbit_server import RabbitServer
from tests.redis_server import RedisServer

EVENTS, ROUNDS = 500, 5
SINGLE = 100
PATIENCE = 120.0


def run() -> list[Figure]:
    Counter()
    return [figure for name, start in BROKERS.items() for figure in _measured(name, start)]


def _measured(name: str, start: Callable[[], Any]) -> Iterator[Figure]:
    broker = start()
    try:
        with _at_work(broker) as celery:
            pairs = []
            for number in range(ROUNDS):
                sides = [_events, _bare_tasks] if number % 2 else [_bare_tasks, _events]
                taken = {side: EVENTS / side(celery) for side in sides}
                pairs.append((taken[_events], taken[_bare_tasks]))
            singles = [_one() for _ in range(SINGLE)]
    finally:
        broker.remove()
    ratios = [ours / bare for ours, bare in pairs]
    yield Figure(
        name=f"events, commit to handled, {name}",
        value=statistics.median(ours for ours, _ in pairs),
        unit="/s",
        n=EVENTS * ROUNDS,
        against="task.delay() whose task writes the same row",
        baseline=statistics.median(bare for _, bare in pairs),
        ratio=statistics.median(ratios),
        spread=(min(ratios), max(ratios)),
        note="each event an aggregate of its own; two processes of one worker",
    )
    yield Figure(
        name=f"one event, commit to handled, {name}",
        value=statistics.median(singles) * 1000,
        unit="ms",
        n=SINGLE,
        note=f"goal: p50 ≤ 50 ms; p99 {sorted(singles)[int(SINGLE * 0.99) - 1] * 1000:.1f} ms",
    )


@contextmanager
def _at_work(broker: Any) -> Iterator[Celery]:
    """The relay here, a worker there."""
    celery = Celery("bench", set_as_current=False)
    configure(
        celery, broker_url=broker.url, role="", apps=settings.EXTRACT_APPS,
        step_seconds=settings.EXTRACT_STEP_SECONDS,
    )  # fmt: skip
    with TemporaryDirectory(prefix="shop-bench-") as directory:
        hand = Worker(broker.url, Path(directory), COUNTING_NOTES="")
        hand.start(concurrency=2)
        background.start(Queued(celery))
        try:
            _one()
            yield celery
        finally:
            background.stop()
            hand.kill()
            celery.close()
            for connection in connections.all():
                with suppress(AttributeError):
                    connection.close()


def _events(celery: Celery) -> float:
    """Seconds from the first commit until every event has had its effect and is done."""
    thing, before = uuid.uuid4().hex[:8], _handled()
    began = time.perf_counter()
    for number in range(EVENTS):
        count(f"{thing}-{number}", 1)
    wait_until(lambda: _handled() - before >= EVENTS, PATIENCE)
    return time.perf_counter() - began


def _bare_tasks(celery: Celery) -> float:
    """Seconds from the first send until every task has written its row."""
    before = Cart.objects.count()
    began = time.perf_counter()
    for _ in range(EVENTS):
        celery.send_task("bench.write", queue="home.payment", ignore_result=True)
    wait_until(lambda: Cart.objects.count() - before >= EVENTS, PATIENCE)
    return time.perf_counter() - began


def _one() -> float:
    """Seconds from the commit of one event to its end, as the database's clock has it."""
    thing = uuid.uuid4().hex
    count(thing, 1)
    committed = time.time()
    done = InboxEvent.objects.using(SUBSCRIBER).filter(aggregate=thing, state="done")
    wait_until(done.exists, PATIENCE)
    return done.get().done_at.timestamp() - committed  # type: ignore[union-attr]


def _handled() -> int:
    return InboxEvent.objects.using(SUBSCRIBER).filter(state="done").count()


def write() -> None:
    """The bare task: it commits the row that an event's first step does."""
    with owned(SUBSCRIBER):
        Cart.objects.create(subject="bare", version=0)


BROKERS: dict[str, Callable[[], Any]] = {
    "Redis": lambda: RedisServer(components.redis_server()),
    "RabbitMQ": lambda: RabbitServer(components.rabbitmq()),
}
