"""What waits in the databases, as a scrape of home tells it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone
from prometheus_client import CollectorRegistry

from extract.data import owned
from extract.event.models import InboxEvent, OutboxEvent
from extract.observe.metrics import stored
from extract.observe.metrics.process import ThisProcess
from extract.observe.metrics.stored import Stored
from extract.saga.models import SagaRun

pytestmark = pytest.mark.usefixtures("database")

AGO = timedelta(minutes=10)


@pytest.fixture
def scrape() -> Callable[..., float | None]:
    """Each is of a collector of its own, which has read nothing yet."""

    def value(name: str, **labels: str) -> float | None:
        registry = CollectorRegistry()
        registry.register(Stored())
        return registry.get_sample_value(name, labels)

    return value


def event(**columns: Any) -> dict[str, Any]:
    return {
        "event_id": uuid4(), "type": "payment.OrderPaid", "version": 1, "aggregate": "order/1",
        "sequence": 1, "occurred_at": timezone.now() - AGO, "correlation_id": "1", "payload": "{}",
        **columns,
    }  # fmt: skip


def test_an_idle_shop_tells_zeros(scrape: Callable[..., float | None]) -> None:
    for app in ("product", "payment", "invoice", "receipt"):
        assert scrape("extract_database_up", app=app) == 1
        assert scrape("extract_queue_events", app=app) == 0
        assert scrape("extract_queue_oldest_seconds", app=app) == 0
    assert scrape("extract_sagas", app="payment", saga="checkout") == 0


def test_events_that_wait_are_counted_where_they_are(scrape: Callable[..., float | None]) -> None:
    with owned("payment"):
        for _ in range(2):
            OutboxEvent.objects.using("payment").create(**event(subscriber="receipt"))
    with owned("receipt"):
        waiting = InboxEvent.objects.using("receipt")
        waiting.create(**event(consumer="receipt"))
        waiting.create(**event(consumer="receipt", state=InboxEvent.State.DEAD))
    assert scrape("extract_outbox_events", app="payment") == 2
    assert scrape("extract_inbox_events", app="receipt") == 1
    assert scrape("extract_queue_events", app="receipt") == 3
    assert scrape("extract_dead_letters", app="receipt") == 1
    for name, app in (("outbox", "payment"), ("inbox", "receipt"), ("queue", "receipt")):
        oldest = scrape(f"extract_{name}_oldest_seconds", app=app)
        assert oldest is not None
        assert AGO.total_seconds() <= oldest < 2 * AGO.total_seconds()


def test_sagas_under_way_and_those_that_should_have_turned_back(
    scrape: Callable[..., float | None],
) -> None:
    late, soon = timezone.now() - AGO, timezone.now() + AGO
    with owned("payment"):
        for deadline, past_pivot, status in (
            (late, False, SagaRun.Status.RUNNING),
            (late, True, SagaRun.Status.RUNNING),
            (late, False, SagaRun.Status.COMPENSATING),
            (soon, False, SagaRun.Status.RUNNING),
            (late, False, SagaRun.Status.FINISHED),
        ):
            SagaRun.objects.using("payment").create(
                saga="checkout", step="charge", deadline_at=deadline, due_at=soon,
                past_pivot=past_pivot, status=status,
            )  # fmt: skip
    labels = {"app": "payment", "saga": "checkout"}
    assert scrape("extract_sagas", **labels) == 4
    assert scrape("extract_sagas_overdue", **labels) == 1


def test_many_scrapes_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    monkeypatch.setattr(stored, "figures", lambda: reads.append(1) or {})
    collector = Stored()
    for _ in range(20):
        list(collector.collect())
    assert len(reads) == 1


@pytest.mark.postgresql
def test_how_many_connections_of_the_pool_are_used() -> None:
    registry = CollectorRegistry()
    registry.register(ThisProcess(serves=True))

    def used() -> float | None:
        labels = {"database": "invoice", "state": "used"}
        return registry.get_sample_value("extract_database_connections", labels)

    assert used() == 0
    with owned("invoice"):
        assert used() == 1
    connections["invoice"].close()
    assert used() == 0
    waiters = registry.get_sample_value(
        "extract_database_connection_waiters", {"database": "invoice"}
    )
    assert waiters == 0


@pytest.mark.sqlite
def test_a_database_that_is_away_is_told_and_takes_nothing_else_along(
    scrape: Callable[..., float | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as changed:
        # Of the threads that open it from now on.
        changed.setitem(connections.settings["invoice"], "NAME", "/nowhere/invoice.sqlite3")
        assert scrape("extract_database_up", app="invoice") == 0
        assert scrape("extract_dead_letters", app="invoice") is None
        assert scrape("extract_database_up", app="product") == 1
        assert scrape("extract_dead_letters", app="product") == 0
