"""The worker beside a serving process: woken by commits, and not to be brought down."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import OperationalError

from extract.event import background, beat, work
from extract.event.relay import Relay
from tests.extract.event.scene import PUBLISHER, Broken, Counted, Counter, count, outbox

PATIENCE = 20.0


@pytest.fixture
def started(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Starts the worker, which nothing but a wake makes look twice."""
    monkeypatch.setattr(background, "POLL_EVERY", 3600.0)
    monkeypatch.setattr(background, "LONGEST_DELAY", 3600.0)
    monkeypatch.setattr(background, "_chores", [])
    monkeypatch.setattr(background, "_apart", [])
    monkeypatch.setattr(beat, "_periods", {})
    yield background.start
    background.stop()


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("extract-")]


class Seen:
    """Lets a test wait until events were finished."""

    def __init__(self, counter: Counter) -> None:
        self._counted = threading.Semaphore(0)
        counter.finishing = lambda event: self._counted.release()

    def wait(self, times: int) -> None:
        for _ in range(times):
            assert self._counted.acquire(timeout=PATIENCE), "it was not handled"


def test_a_commit_wakes_it(counter: Counter, started: Callable[[], None]) -> None:
    seen = Seen(counter)
    count("a", 1)
    started()
    seen.wait(1)
    for number in range(2, 7):
        count("a", number)
        seen.wait(1)
    background.stop()
    assert counter.finished == [("a", number) for number in range(1, 7)]


def test_a_burst_is_worked_off_without_another_wake(
    counter: Counter, started: Callable[[], None]
) -> None:
    seen = Seen(counter)
    count("a", *range(1, 6))
    count("b", *range(1, 6))
    started()
    seen.wait(10)


def test_it_looks_by_itself_for_what_nobody_announced(
    counter: Counter, started: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "POLL_EVERY", 0.05)
    started()
    seen = Seen(counter)
    monkeypatch.setattr("extract.event.outbox.wake", lambda *_: None)  # as if in another process
    count("a", 1)
    seen.wait(1)


def test_it_looks_once_per_wake_and_rests(
    started: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rested = threading.Semaphore(0)
    monkeypatch.setattr(background, "_rest_connections", rested.release)
    started()
    for _ in range(3):
        for _ in threads():
            assert rested.acquire(timeout=PATIENCE)
        background.wake()
    for _ in threads():
        assert rested.acquire(timeout=PATIENCE)
    assert not rested.acquire(timeout=0.2)


def test_starting_twice_is_starting_once_and_stopping_ends_every_thread(
    started: Callable[[], None],
) -> None:
    started()
    first = threads()
    started()
    assert threads() == first
    background.stop()
    assert threads() == []


def test_it_outlives_errors_and_logs_them_once(
    counter: Counter,
    started: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken, tried = threading.Event(), threading.Semaphore(0)
    broken.set()
    run = Relay.run

    def run_or_fail(self: Relay, *, limit: int = 100) -> int:
        if broken.is_set() and self.app == PUBLISHER:
            tried.release()
            raise OperationalError("The database is away.")
        return run(self, limit=limit)

    said: list[str] = []
    monkeypatch.setattr(background.logger, "exception", lambda event, **_: said.append(event))
    monkeypatch.setattr(Relay, "run", run_or_fail)
    monkeypatch.setattr(background, "POLL_EVERY", 0.01)
    monkeypatch.setattr(background, "LONGEST_DELAY", 0.05)
    started()
    count("a", 1)
    for _ in range(4):
        assert tried.acquire(timeout=PATIENCE)
    assert outbox("a")[0].state == "waiting"
    seen = Seen(counter)
    broken.clear()
    seen.wait(1)
    background.stop()
    assert said == ["background.failing"]


def test_chores_are_done_again_and_again_whatever_another_does(
    started: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "POLL_EVERY", 0.01)
    failed, done = threading.Semaphore(0), threading.Semaphore(0)

    def fail() -> None:
        failed.release()
        raise Broken

    background.register_chore(fail, every=0)
    background.register_chore(done.release, every=0)
    started()
    for _ in range(3):
        assert failed.acquire(timeout=PATIENCE)
        assert done.acquire(timeout=PATIENCE)


def test_a_chore_that_takes_long_holds_up_no_other(
    started: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "POLL_EVERY", 0.01)
    begun, done, enough = threading.Semaphore(0), threading.Semaphore(0), threading.Event()

    def take_long() -> None:
        begun.release()
        enough.wait(PATIENCE)

    background.register_chore(take_long, every=0, apart=True)
    background.register_chore(done.release, every=0)
    started()
    assert begun.acquire(timeout=PATIENCE)
    for _ in range(3):
        assert done.acquire(timeout=PATIENCE)
    enough.set()


def test_periodic_work_is_done_beside_the_rest(
    started: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Semaphore(0)
    monkeypatch.setattr(background, "POLL_EVERY", 0.05)
    monkeypatch.setattr(work, "_works", {})

    @beat.periodic(PUBLISHER, "tick", every=timedelta(milliseconds=1))
    def tick(key: str) -> None:
        done.release()

    started()
    for _ in range(3):
        assert done.acquire(timeout=PATIENCE)


def test_a_forked_process_starts_a_worker_of_its_own(started: Callable[[], None]) -> None:
    started()
    child = os.fork()
    if child == 0:
        inherited = len(background._loops)
        os._exit(inherited)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_draining_keeps_to_its_apps(counter: Counter) -> None:
    count("a", 1)
    assert background.drain(["invoice", "receipt"]) == 0
    assert outbox("a")[0].state == "waiting"
    background.drain([Counted.app])
    assert outbox("a")[0].state == "done"
    assert counter.finished == []
    background.drain()
    assert counter.finished == [("a", 1)]
