"""Events through a real broker to a real worker, which dies, hangs and ends as workers do."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.product.models import Product
from extract.event import relay as relays
from extract.event.models import InboxEvent
from extract.queue.sending import Queued
from tests.apps.product.shelf import shelve
from tests.apps.product.uploads import camera, upload
from tests.extract.event.scene import SUBSCRIBER, count, inbox, outbox, recorded
from tests.fleets import kill, wait_until
from tests.messages.workers import Worker

pytestmark = pytest.mark.usefixtures("database")
Relay = Callable[[], int]
SILENT = 70
"""What a worker that fell silent exits with."""


def until(relay: Relay, done: Callable[[], object], seconds: float = 60.0) -> None:
    """Go on relaying until it is so."""

    def look() -> object:
        relay()
        return done()

    wait_until(look, seconds)


def all_done(*things: str) -> bool:
    rows = [row for thing in things for row in (*outbox(thing), *inbox(thing))]
    return bool(rows) and {row.state for row in rows} == {"done"}


def test_events_take_effect_once_and_in_order(relay: Relay, worker: Worker) -> None:
    worker.start(concurrency=2)
    count("a", 1, 2, 3)
    count("b", 1)
    until(relay, lambda: all_done("a", "b"))
    assert (recorded("a"), recorded("b")) == ([1, 2, 3], [1])
    assert sorted(worker.finished()) == ["a/1", "a/2", "a/3", "b/1"]


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
def test_nothing_is_lost_while_no_worker_is_there(relay: Relay, worker: Worker) -> None:
    count("a", 1)
    relay()
    assert inbox("a") == []
    assert outbox("a")[0].sent_to == "home.payment"
    worker.start()
    until(relay, lambda: all_done("a"))
    assert recorded("a") == [1]


@pytest.mark.parametrize(
    ("broker", "thing"), [("redis", "dies once"), ("rabbitmq", "hangs")], indirect=["broker"]
)
def test_a_child_that_dies_or_hangs_in_a_step_is_replaced(
    relay: Relay, worker: Worker, thing: str
) -> None:
    worker.start()
    count(thing, 1)
    count("b", 1)
    until(relay, lambda: all_done(thing, "b"))
    assert recorded(thing) == [1]
    assert worker.finished().count(f"{thing}/1") == 2
    assert worker.is_alive()


@pytest.mark.parametrize(
    ("broker", "step"),
    [("redis", "recording"), ("redis", "finishing"), ("rabbitmq", "finishing")],
    indirect=["broker"],
)
def test_an_event_that_kills_whoever_handles_it_becomes_a_dead_letter(
    relay: Relay, worker: Worker, step: str
) -> None:
    thing = f"dies {step}"
    worker.start(concurrency=2)
    count(thing, 1)
    count("b", 1, 2)
    until(relay, lambda: [row.state for row in inbox(thing)] == ["dead"] and all_done("b"), 120.0)
    assert "death of its process" in inbox(thing)[0].last_error
    assert recorded("b") == [1, 2]


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
def test_a_failing_step_is_tried_again_and_then_set_aside(relay: Relay, worker: Worker) -> None:
    worker.start()
    count("fails", 1, 2)
    count("b", 1)
    until(relay, lambda: [row.state for row in inbox("fails")] == ["dead", "waiting"])
    assert worker.finished().count("fails/1") == 3
    assert worker.finished().count("fails/2") == 0, "it waits for a decision on the one before"
    assert inbox("fails")[0].last_error == "RuntimeError: fails 1 cannot be done"
    until(relay, lambda: all_done("b"))


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
def test_a_worker_that_is_asked_to_end_finishes_what_it_has(relay: Relay, worker: Worker) -> None:
    worker.start()
    count("takes a second", 1)
    until(relay, worker.finished)
    worker.ask_to_end()
    assert worker.ended() == 0
    assert [row.state for row in inbox("takes a second")] == ["done"]


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
def test_the_parents_death_takes_its_children_and_nothing_else(
    relay: Relay, worker: Worker
) -> None:
    worker.start()
    count("takes a second", 1)
    until(relay, worker.finished)
    children = worker.children()
    assert children
    worker.kill()
    worker.start()
    until(relay, lambda: all_done("takes a second"))
    assert recorded("takes a second") == [1]


def test_a_broker_that_comes_back_empty_costs_time_only(
    relay: Relay, worker: Worker, broker: Any
) -> None:
    worker.start()
    count("a", 1)
    until(relay, lambda: all_done("a"))
    broker.stop()
    count("a", 2)
    count("b", 1)
    relay()
    assert [row.state for row in (*outbox("a"), *outbox("b"))] == ["done", "waiting", "waiting"]
    broker.start()
    until(relay, lambda: all_done("a", "b"))
    assert (recorded("a"), recorded("b")) == ([1, 2], [1])
    assert worker.is_alive()


@pytest.mark.parametrize("broker", ["rabbitmq"], indirect=True)
def test_what_is_pickled_or_not_signed_is_thrown_away(
    relay: Relay, worker: Worker, celery: Any, tmp_path: Any
) -> None:
    worker.start()
    trap = tmp_path / "trap"
    body = pickle.dumps((("x",), {"y": _Trap(str(trap))}, {}))
    with celery.connection_for_write() as connection, connection.Producer() as producer:
        producer.publish(
            body, routing_key="home.payment", exchange="",
            content_type="application/x-python-serialize", content_encoding="binary",
            headers={"task": "extract.receive", "id": "a-pickle"},
            declare=[celery.amqp.queues["home.payment"]],
        )  # fmt: skip
    forged = {"subscriber": SUBSCRIBER, "envelope": "{}", "sender": "home", "signature": "AA=="}
    celery.send_task(
        "extract.receive", kwargs={"message": forged, "again": False}, queue="home.payment"
    )
    count("a", 1)
    until(relay, lambda: all_done("a"))
    assert not trap.exists()
    said = worker.log.read_text()
    assert "queue.untrusted_message" in said
    assert "pickle" in said or "x-python-serialize" in said
    assert InboxEvent.objects.using(SUBSCRIBER).count() == 1


class _Trap:
    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (self._path,)


@pytest.mark.parametrize("broker", ["rabbitmq"], indirect=True)
def test_a_worker_whose_children_do_nothing_any_more_ends_itself(
    relay: Relay, worker: Worker
) -> None:
    worker.start()
    count("takes a second", 1)
    until(relay, worker.finished)

    halted: set[int] = set()

    def stopped() -> bool:
        # Again and again: one that was stopped in the middle of a task is replaced.
        for child in worker.children():
            os.kill(child, signal.SIGSTOP)
            halted.add(child)
        return not worker.is_alive()

    try:
        wait_until(stopped, 60.0)
    finally:
        # Whoever is stopped does not hear that its parent has ended.
        for child in halted:
            kill(child)
    assert worker.ended() == SILENT
    assert "worker.silent" in worker.log.read_text()


def test_a_broker_that_has_lost_its_queues_gets_them_again(
    relay: Relay, worker: Worker, broker: Any
) -> None:
    worker.start()
    count("a", 1)
    until(relay, lambda: all_done("a"))
    broker.flush()
    count("a", 2)
    until(relay, lambda: all_done("a"), 15.0)


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
def test_a_picture_s_sizes_are_made_by_a_worker(celery: Any, worker: Worker) -> None:
    shelve("A")
    assert upload(camera()) == []
    relay = relays.Relay("product", Queued(celery)).run
    relay()
    assert not Product.objects.get().has_sizes
    worker.start()
    until(relay, lambda: Product.objects.get().has_sizes)
    assert Client().get(Product.objects.get().card_picture).status_code == 200
