"""How deep a queue is, how old and how fast: as ``extract status`` tells it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from celery import Celery
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from extract.data import app_aliases, owned
from extract.event.handling import finish_due
from extract.event.models import OutboxEvent
from extract.event.pause import pause
from extract.event.relay import Relay
from extract.event.subscription import withdraw
from extract.event.transport import Away, InProcess
from extract.queue.configuration import configure
from extract.queue.depth import depths
from extract.queue.sending import FINISH, Queued, put
from extract.registry import Kind, RedisRegistry, Signed
from extract.trust import RoleKeys
from tests.extract.event.scene import (
    PUBLISHER,
    SUBSCRIBER,
    Counter,
    count,
    fail,
    look_again,
    outbox,
)
from tests.redis_server import RedisServer
from tests.registry.scene import instance

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def counter(database: None) -> Iterator[Counter]:
    counter = Counter()
    yield counter
    withdraw(counter.subscription)


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest, settings: Any) -> Any:
    server = request.getfixturevalue(request.param)
    settings.CELERY_BROKER_URL = server.url
    return server


@pytest.fixture
def celery(broker: Any, settings: Any) -> Iterator[Celery]:
    """What sends messages."""
    app = Celery("tests", set_as_current=False)
    configure(app, broker_url=broker.url, role="", apps=settings.EXTRACT_APPS, step_seconds=20.0)
    yield app
    app.close()


class Unconfirmed(InProcess):
    """Everything arrives, but the inbox cannot be asked."""

    def confirmed(self, subscriber: str, event_ids: Collection[UUID]) -> set[UUID]:
        raise Away("nobody is there to ask")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def status(app: str = SUBSCRIBER) -> Any:
    """What is said of the app."""
    said = io.StringIO()
    call_command("extract", "status", "--json", stdout=said)
    return json.loads(said.getvalue())["apps"][app]


def shown(to: io.StringIO | None = None) -> str:
    said = to or io.StringIO()
    call_command("extract", "status", stdout=said)
    return said.getvalue()


def made_older(thing: str, number: int, seconds: float) -> None:
    with owned(PUBLISHER):
        OutboxEvent.objects.using(PUBLISHER).filter(aggregate=thing, sequence=number).update(
            occurred_at=timezone.now() - timedelta(seconds=seconds)
        )


def test_nothing_waits() -> None:
    for app in app_aliases():
        told = status(app)
        assert told["queue"] == {
            "depth": 0, "oldest": None, "rate": 0.0, "messages": None, "paused": False
        }  # fmt: skip
        assert told["dead_letters"] == 0


def test_an_event_is_counted_once_wherever_it_waits(counter: Counter) -> None:
    count("a", 1, 2, 3)
    count("b", 1)
    assert status()["queue"]["depth"] == 4
    assert status(PUBLISHER)["queue"]["depth"] == 0
    assert Relay(PUBLISHER, Unconfirmed()).run() == 2  # the first of each
    assert [row.state for row in outbox()] == ["waiting"] * 4
    assert status()["queue"]["depth"] == 4
    assert finish_due(SUBSCRIBER) == 2
    assert status()["queue"]["depth"] == 2
    for _ in range(4):
        look_again()
        Relay(PUBLISHER, InProcess()).run()
        finish_due(SUBSCRIBER)
    assert len(counter.finished) == 4
    assert status()["queue"]["depth"] == 0


def test_the_oldest_is_the_oldest_that_is_not_handled(counter: Counter) -> None:
    count("a", 1)
    count("b", 1)
    count("c", 1)
    made_older("a", 1, 300)
    made_older("b", 1, 200)
    assert 300 <= status()["queue"]["oldest"] < 400
    counter.finishing = lambda event: fail(event) if event.thing == "b" else None
    Relay(PUBLISHER, Unconfirmed()).run()
    assert 300 <= status()["queue"]["oldest"] < 400
    finish_due(SUBSCRIBER)
    assert 200 <= status()["queue"]["oldest"] < 300
    assert status()["queue"]["depth"] == 1


def test_the_rate_is_what_was_handled_in_the_last_minute(counter: Counter) -> None:
    for number in range(12):
        count(str(number), 1)
    Relay(PUBLISHER, InProcess()).run()
    assert status()["queue"]["rate"] == 0
    finish_due(SUBSCRIBER)
    assert status()["queue"]["rate"] == pytest.approx(12 / 60)
    assert "0.2/s" in shown()
    with owned(SUBSCRIBER), connections[SUBSCRIBER].cursor() as cursor:
        cursor.execute(
            "UPDATE extract_inboxevent SET done_at = %s", [timezone.now() - timedelta(seconds=61)]
        )
    assert status()["queue"]["rate"] == 0


def test_dead_letters_are_counted_apart_and_what_they_hold_up_waits(
    counter: Counter, settings: Any
) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 1
    counter.finishing = lambda event: fail(event) if event.thing == "bad" else None
    count("bad", 1, 2)
    count("good", 1)
    Relay(PUBLISHER, Unconfirmed()).run()
    finish_due(SUBSCRIBER)
    told = status()
    assert (told["dead_letters"], told["queue"]["depth"]) == (1, 1)
    assert told["queue"]["rate"] == pytest.approx(1 / 60)
    assert "\x1b[31m1" in shown(Terminal())


def test_a_queue_that_is_paused_is_said_to_be() -> None:
    pause(SUBSCRIBER, by="olive")
    assert status()["queue"]["paused"]
    assert not status(PUBLISHER)["queue"]["paused"]
    assert "0 paused" in shown()


def test_an_app_whose_database_is_not_open_here_is_not_counted(
    counter: Counter, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    count("a", 1)
    monkeypatch.setitem(settings.DATABASES, SUBSCRIBER, {})
    told = status()
    assert (told["queue"], told["dead_letters"]) == (None, None)
    assert status("receipt")["queue"]["depth"] == 0
    assert "?" in shown()


def test_a_publisher_elsewhere_is_left_out(
    counter: Counter, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    count("a", 1)
    monkeypatch.setitem(settings.DATABASES, PUBLISHER, {})
    assert status()["queue"]["depth"] == 0


def test_the_broker_says_how_much_it_holds_in_both_queues(
    counter: Counter, broker: Any, celery: Celery
) -> None:
    assert status()["queue"]["messages"] == 0
    count("a", 1)
    count("b", 1)
    assert Relay(PUBLISHER, Queued(celery)).run() == 2
    assert status()["queue"] == {
        "depth": 2, "oldest": pytest.approx(0, abs=60), "rate": 0.0, "messages": 2,
        "paused": False,
    }  # fmt: skip
    put(celery, FINISH, {}, SUBSCRIBER, "for workers of its own")
    assert status()["queue"]["messages"] == 3
    assert status("receipt")["queue"]["messages"] == 0


def test_a_broker_that_is_away_costs_its_figure_only(broker: Any, counter: Counter) -> None:
    count("a", 1)
    broker.stop()
    assert status()["queue"]["messages"] is None
    assert status()["queue"]["depth"] == 1


@pytest.mark.timeout(30)
def test_a_broker_that_hangs_is_not_waited_for(redis: RedisServer, settings: Any) -> None:
    settings.CELERY_BROKER_URL = redis.url
    redis.pause()
    try:
        assert status()["queue"]["messages"] is None
    finally:
        redis.resume()


def test_workers_are_listed_apart(redis: RedisServer, settings: Any) -> None:
    settings.REDIS_URL = redis.url
    worker = instance("w", "payment", kind=Kind.WORKER, version="7")
    registry = RedisRegistry(redis.url)
    keys = RoleKeys("payment", settings.EXTRACT_ROLE_SECRETS["payment"])
    registry.announce(worker.id, Signed.of(worker, keys))
    registry.close()
    table = shown().partition("worker")[2]
    for told in ("payment/w", "own", worker.address, "7", "refusing"):
        assert told in table
    assert "instance " not in table


def test_done_rows_are_not_looked_through_and_nothing_is_written(counter: Counter) -> None:
    count("a", 1)
    plans: list[str] = []

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, about: Any) -> Any:
        assert sql.startswith("SELECT"), sql
        if about["connection"].vendor == "sqlite":
            execute(f"EXPLAIN QUERY PLAN {sql}", params, many, about)
            plans.extend(row[3] for row in about["cursor"].fetchall())
        return execute(sql, params, many, about)

    depths()  # opens the connections
    with ExitStack() as watching:
        for app in app_aliases():
            watching.enter_context(connections[app].execute_wrapper(explain))
        assert depths()[SUBSCRIBER].depth == 1
    # Whole, only the indexes are read that have no done rows.
    few = ("extract_inbox_due", "extract_inbox_dead", "extract_outbox_due")
    assert [plan for plan in plans if plan.startswith("SCAN") and not plan.endswith(few)] == []
