"""A subscriber that cannot be reached is tried less often; looking for work costs little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from django.db import OperationalError, connections
from structlog.testing import capture_logs

from extract.data import owned
from extract.event import handling, relay, subscribe
from extract.event import inbox as event_inbox
from extract.event.background import drain
from extract.event.envelope import Envelope
from extract.event.inbox import receive
from extract.event.models import EventRow, InboxEvent, OutboxEvent
from extract.event.relay import Relay
from extract.event.subscription import withdraw
from extract.event.transport import Away, InProcess
from extract.event.work import is_asked
from extract.queue.sending import Queued
from tests.extract.event.scene import (
    PUBLISHER,
    SUBSCRIBER,
    Counted,
    Counter,
    Unreachable,
    count,
    inbox,
    outbox,
    recorded,
)

OTHER = "invoice"


@pytest.fixture
def heard(counter: Counter) -> Iterator[list[int]]:
    """What another app has heard, beside the counter."""
    numbers: list[int] = []

    @subscribe(Counted, app=OTHER)
    def record(event: Counted) -> None:
        numbers.append(event.number)

    yield numbers
    withdraw(record)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The relay's clock, which passes only as it is told to."""
    now = [1000.0]
    monkeypatch.setattr(relay, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def passes(seconds: float) -> None:
        now[0] += seconds

    return passes


def test_a_subscriber_that_is_away_keeps_its_rows_as_they_are_and_others_get_theirs(
    counter: Counter, heard: list[int]
) -> None:
    count("a", 1, 2)
    transport = Unreachable(SUBSCRIBER)
    relay = Relay(PUBLISHER, transport)
    while relay.run():
        pass
    assert heard == [1, 2]
    assert recorded("a") == []
    for row in outbox("a"):
        assert (row.state, row.sends, row.sent_at, row.sent_to) == ("waiting", 0, None, "")
        assert (row.attempts, row.last_error) == (0, "")
    assert transport.tried.count(SUBSCRIBER) == 1


def test_it_is_tried_less_and_less_often_and_gets_everything_when_it_is_back(
    counter: Counter, clock: Callable[[float], None]
) -> None:
    count("a", 1, 2)
    transport = Unreachable(SUBSCRIBER)
    relay = Relay(PUBLISHER, transport)
    with capture_logs() as logs:
        for rest in (0.5, 1.0, 2.0, 3.0, 3.0):
            tries = len(transport.tried)
            relay.run()
            assert len(transport.tried) == tries + 1
            clock(rest - 0.1)
            relay.run()
            assert len(transport.tried) == tries + 1, "it rests"
            clock(0.1)
        transport.away.clear()
        while relay.run():
            pass
    assert recorded("a") == [1, 2]
    assert {row.state for row in outbox("a")} == {"done"}
    said = [entry["event"] for entry in logs if entry["event"].startswith("relay.")]
    assert said == ["relay.subscriber_away", "relay.subscriber_back"]


def test_a_database_that_is_away_leaves_the_event_with_the_publisher(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    count("a", 1)
    envelope = Envelope.of(outbox("a")[0])

    def no_answer(*_: Any) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as away:
        away.setattr(event_inbox, "owned", no_answer)
        with pytest.raises(OperationalError):
            receive(SUBSCRIBER, envelope)
        with pytest.raises(Away, match="payment does not answer"):
            InProcess().send(SUBSCRIBER, envelope, again=False)
        assert drain() == 0
    assert inbox("a") == []
    assert outbox("a")[0].state == "waiting"
    drain()
    assert recorded("a") == [1]


def test_looking_for_work_only_reads(counter: Counter) -> None:
    count("a", 1)
    drain()
    statements = looked(lambda: drain([PUBLISHER, SUBSCRIBER]))
    assert {sql.split()[0] for sql, _ in statements} == {"SELECT"}
    # For each app one for its inbox, and for its relay one for each of those that subscribe.
    assert len(statements) == 2 + sum(
        len(relay.subscribers_to(app)) for app in (PUBLISHER, SUBSCRIBER)
    )


def test_looking_for_work_to_hand_out_only_reads(counter: Counter) -> None:
    way = Queued(Celery(set_as_current=False))
    first, then = (
        looked(lambda: way.finish_due(SUBSCRIBER)),
        looked(lambda: way.finish_due(SUBSCRIBER)),
    )
    assert {sql.split()[0] for sql, _ in first} == {"SELECT"}
    assert [sql.split()[0] for sql, _ in then] == ["SELECT"], (first, then)


@pytest.mark.sqlite
def test_looking_for_work_does_not_read_through_all_that_is_done(database: None) -> None:
    for state, rows in [("done", 300), ("waiting", 30)]:
        add(InboxEvent, rows, consumer="payment", state=state)
        add(OutboxEvent, rows, subscriber="payment", state=state)
    statements = [
        *looked(lambda: list(handling.due("payment").order_by("due_at", "id")[:50])),
        *looked(lambda: handling.finish("payment", uuid4(), attempts=0)),
        *looked(lambda: handling.next_of("payment", uuid4())),
        *looked(lambda: Relay("payment", InProcess()).run()),
        *looked(lambda: is_asked("payment", "anything", "")),
    ]
    selects = [each for each in statements if each[0].startswith("SELECT")]
    assert len(selects) >= 6
    for sql, params in selects:
        if "extract_inboxevent" in sql or "extract_outboxevent" in sql:
            plan = explained(sql, params)
            assert "SCAN" not in plan, plan
            assert "INTEGER PRIMARY KEY" not in plan, plan


def looked(look: Callable[[], object]) -> list[tuple[str, Any]]:
    """The statements, with their parameters, that ``look`` runs on the two databases."""
    statements: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for alias in (PUBLISHER, SUBSCRIBER):
            stack.enter_context(connections[alias].execute_wrapper(note))
        look()
    return statements


def explained(sql: str, params: Any) -> str:
    with connections["payment"].cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return "\n".join(row[3] for row in cursor.fetchall())


def add(model: type[EventRow], rows: int, **columns: Any) -> None:
    now = datetime.now(UTC)
    with owned("payment"):
        model._default_manager.using("payment").bulk_create(
            model(
                event_id=uuid4(),
                type="payment.Planted",
                version=1,
                aggregate=f"a{number % 10}",
                sequence=number + 1,
                occurred_at=now,
                correlation_id="planted",
                payload="{}",
                **columns,
            )
            for number in range(rows)
        )
