"""When a worker counts as silent: the rule alone, with a broker that takes every probe."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.worker import state

from extract.queue import watch
from extract.queue.watch import CONNECTING, SILENT_AFTER, Watch

pytestmark = pytest.mark.sqlite


class Worker:
    """Its clock, its connection, and what its watch said."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.is_connected, self.said = 1000.0, True, list[float]()
        monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: self.now))
        celery = Celery("tests", set_as_current=False)
        monkeypatch.setattr(celery, "send_task", lambda *args, **options: None)
        queue: Any = None
        self.watch = Watch(celery, queue, self.said.append, lambda: self.is_connected)
        state.all_total_count[0] += 1
        self.turn(0.0)

    def turn(self, seconds: float) -> None:
        """The watch looks and probes, ``seconds`` later."""
        self.now += seconds
        self.watch._look()
        self.watch._probe()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    before = state.all_total_count[0]
    yield Worker(monkeypatch)
    state.all_total_count[0] = before


def test_it_is_silent_once_a_probe_has_waited_too_long(worker: Worker) -> None:
    worker.turn(SILENT_AFTER - 1)
    state.all_total_count[0] += 1  # it took one on
    worker.turn(1.0)
    worker.turn(SILENT_AFTER)
    assert worker.said == []
    worker.turn(1.0)
    assert worker.said == [SILENT_AFTER + 1]


def test_who_has_still_to_connect_to_a_broker_that_is_back_is_not(worker: Worker) -> None:
    worker.is_connected = False
    worker.turn(SILENT_AFTER + CONNECTING)
    assert worker.said == []
    worker.is_connected = True
    worker.turn(0.0)
    worker.turn(SILENT_AFTER)
    assert worker.said == [], "it counts from when it was connected"
    worker.turn(1.0)
    assert worker.said == [SILENT_AFTER + 1]


def test_who_never_connects_is(worker: Worker) -> None:
    worker.is_connected = False
    worker.turn(SILENT_AFTER + CONNECTING + 1)
    assert worker.said
