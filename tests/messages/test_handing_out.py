"""Steps that workers are asked for through a broker, while workers and broker come and go."""

from __future__ import annotations

import time
from typing import Any

import pytest
from redis import Redis

from extract.event.envelope import Envelope
from extract.event.inbox import receive
from extract.queue import sending
from tests.extract.event.scene import SUBSCRIBER, count, inbox, outbox, time_passes
from tests.fleets import wait_until
from tests.messages.workers import Worker

pytestmark = pytest.mark.usefixtures("database", "counter")
SOON = 15.0
"""Seconds; well before ``FINISH_AGAIN``."""


@pytest.fixture(autouse=True)
def due(database: None, counter: Any) -> None:
    """An event whose second step is due."""
    count("a", 1)
    assert receive(SUBSCRIBER, Envelope.of(outbox("a")[0]))


def at_work(worker: Worker) -> None:
    """Start it; how long that takes is nobody's matter here."""
    worker.start()
    wait_until(worker.children, 60)


def is_done(way: Any) -> bool:
    way.finish_due(SUBSCRIBER)
    return [row.state for row in inbox("a")] == ["done"]


def test_what_workers_who_left_were_asked_for_others_are_asked_for_at_once(
    way: Any, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there:
        there.setattr(sending, "queue_of", lambda app: app)
        assert way.finish_due(SUBSCRIBER) == 1
    assert inbox("a")[0].handed_to == SUBSCRIBER
    at_work(worker)
    wait_until(lambda: is_done(way), SOON)
    assert inbox("a")[0].handed_to == ""


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
def test_what_a_process_that_is_gone_asked_for_elsewhere_the_next_one_asks_for(
    way: Any, celery: Any, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there:
        there.setattr(sending, "queue_of", lambda app: app)
        assert way.finish_due(SUBSCRIBER) == 1
    worker.start()
    another = sending.Queued(celery)
    wait_until(lambda: is_done(another), SOON)


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
def test_a_message_that_died_with_its_worker_is_sent_again_within_seconds(
    way: Any, worker: Worker, broker: Any
) -> None:
    """Redis keeps what a worker had taken for the visibility timeout, and gives it to nobody."""
    assert way.finish_due(SUBSCRIBER) == 1
    connection = Redis.from_url(broker.url)
    assert connection.lpop("home.payment"), "somebody takes it and dies"
    at_work(worker)
    wait_until(lambda: is_done(way), SOON)


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
def test_so_is_an_event_that_nobody_has_recorded(relay: Any, worker: Worker, broker: Any) -> None:
    count("lost", 1)
    relay()
    connection = Redis.from_url(broker.url)
    while connection.llen("home.payment"):
        connection.lpop("home.payment")
    at_work(worker)
    wait_until(lambda: relay() == 0 and [row.state for row in inbox("lost")] == ["done"], SOON)


def test_what_waits_in_a_queue_is_not_asked_for_again_until_it_holds_nothing(
    way: Any, broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOST_AFTER", -1.0)  # as if time had passed
    assert way.finish_due(SUBSCRIBER) == 1
    assert way.finish_due(SUBSCRIBER) == 0
    broker.flush()
    assert way.finish_due(SUBSCRIBER) == 1


def test_what_lay_in_a_queue_for_longer_than_is_remembered_is_thrown_away(
    relay: Any, worker: Worker, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EXTRACT_KEEP_DAYS = 0.1 / 86_400
    count("old", 1)
    relay()
    sent = time.monotonic()
    settings.EXTRACT_KEEP_DAYS = 1
    count("new", 1)
    wait_until(lambda: time.monotonic() > sent + 0.1)
    at_work(worker)
    with monkeypatch.context() as before_it_counts_as_lost:
        before_it_counts_as_lost.setattr("extract.event.relay.LOST_AFTER", 600.0)
        wait_until(lambda: relay() == 0 and [row.state for row in inbox("new")] == ["done"])
        assert inbox("old") == []
    time_passes()
    wait_until(lambda: relay() == 0 and [row.state for row in inbox("old")] == ["done"])


def test_what_the_broker_did_not_take_is_asked_for_soon_after_it_is_back(
    way: Any, worker: Worker, broker: Any
) -> None:
    broker.stop()
    assert way.finish_due(SUBSCRIBER) == 0
    broker.start()
    at_work(worker)
    wait_until(lambda: is_done(way), SOON)
