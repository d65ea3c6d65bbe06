"""What is done is forgotten after a while, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.db.models import QuerySet

from extract.data import owned
from extract.event import pruning
from extract.event.background import drain
from extract.event.beat import beat
from extract.event.envelope import Envelope
from extract.event.inbox import receive
from extract.event.models import EventRow, InboxEvent, OutboxEvent
from extract.event.pruning import prune
from tests.extract.event.scene import (
    PUBLISHER,
    SUBSCRIBER,
    Counter,
    count,
    inbox,
    outbox,
    recorded,
)

pytestmark = pytest.mark.usefixtures("database")
APP = "receipt"


def add(model: type[EventRow], *, days: float = 0, **columns: Any) -> EventRow:
    """A row that was done ``days`` ago."""
    now = datetime.now(UTC)
    values = {
        "event_id": uuid4(), "type": "payment.Planted", "version": 1, "aggregate": "planted",
        "sequence": 1, "occurred_at": now - timedelta(days=900), "correlation_id": "planted",
        "payload": "{}", "done_at": now - timedelta(days=days),
    }  # fmt: skip
    with owned(APP):
        return model._default_manager.using(APP).create(**(values | columns))


def left(model: type[EventRow]) -> QuerySet[Any]:
    return model._default_manager.using(APP).order_by("id")


def test_outbox_rows_are_kept_for_thirty_days_and_inbox_rows_for_sixty() -> None:
    for model, name, days in [(OutboxEvent, "subscriber", 30), (InboxEvent, "consumer", 60)]:
        add(model, days=days + 0.1, state="done", **{name: APP})
        young = add(model, days=days - 0.1, state="done", **{name: APP})
        assert prune(APP) == 1
        assert list(left(model)) == [young]


def test_the_days_are_a_setting(settings: Any) -> None:
    settings.EXTRACT_KEEP_DAYS = 1
    add(OutboxEvent, days=1.1, state="done", subscriber=APP)
    add(InboxEvent, days=2.1, state="done", consumer=APP)
    kept = add(InboxEvent, days=1.9, state="done", consumer=APP)
    assert prune(APP) == 2
    assert list(left(InboxEvent)) == [kept]


def test_what_is_not_done_and_what_was_discarded_stays_however_old() -> None:
    add(OutboxEvent, state="waiting", subscriber=APP, done_at=None)
    add(InboxEvent, state="waiting", consumer=APP, done_at=None)
    add(InboxEvent, days=900, state="dead", consumer=APP)
    add(InboxEvent, days=900, state="discarded", consumer=APP)
    assert prune(APP) == 0
    assert [row.state for row in left(InboxEvent)] == ["waiting", "dead", "discarded"]
    assert left(OutboxEvent).count() == 1


def test_many_rows_are_deleted_in_several_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "CHUNK", 2)
    for _ in range(5):
        add(OutboxEvent, days=31, state="done", subscriber=APP)
    assert prune(APP) == 5
    assert not left(OutboxEvent).exists()


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("model", "index"),
    [(OutboxEvent, "extract_outbox_done"), (InboxEvent, "extract_inbox_done")],
)
def test_it_reads_what_is_old_and_not_the_table(model: type[EventRow], index: str) -> None:
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and model._meta.db_table in sql:
            with context["connection"].cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
                plans.append(str(cursor.fetchall()))
        return execute(sql, params, many, context)

    with connections[APP].execute_wrapper(explain):
        prune(APP)
    assert plans
    assert all(index in plan for plan in plans), plans


def test_it_is_done_every_day_of_each_app(counter: Counter, settings: Any) -> None:
    count("a", 1)
    drain()
    settings.EXTRACT_KEEP_DAYS = 0
    assert beat(PUBLISHER)
    assert beat(SUBSCRIBER)
    drain([PUBLISHER, SUBSCRIBER])
    assert outbox() == inbox("a") == []
    assert beat(PUBLISHER) == beat(SUBSCRIBER) == 0
    assert recorded("a") == [1]


def test_a_second_delivery_is_known_for_as_long_as_a_relay_may_send_it(
    counter: Counter, settings: Any
) -> None:
    count("a", 1)
    envelope = Envelope.of(outbox()[0])
    drain()
    with owned(SUBSCRIBER):
        past = datetime.now(UTC) - timedelta(days=59)
        InboxEvent.objects.using(SUBSCRIBER).update(done_at=past)
    prune(SUBSCRIBER)
    assert receive(SUBSCRIBER, envelope) is False
    assert recorded("a") == [1]
