"""Periodic work may be late; it is never lost and never done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.models.functions import Now

from extract.data import owned
from extract.event import SubscriptionMistake, beat, work
from extract.event.background import drain
from extract.event.beat import periodic
from extract.event.models import Beat, OutboxEvent
from tests.extract.event import ticking
from tests.extract.event.scene import LONG_AGO, Broken, time_passes
from tests.extract.event.ticking import APP, HOURLY, NAME, ticks

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.usefixtures("database", "_ticking")


@pytest.fixture
def _ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beat, "_periods", {})
    monkeypatch.setattr(work, "_works", {})
    ticking.declare()


def time_is_up() -> None:
    """The next time has come, and a good many went by."""
    with owned(APP):
        assert Beat.objects.using(APP).update(due_at=LONG_AGO)


def test_it_is_done_at_once_and_then_once_in_a_period() -> None:
    assert beat.beat(APP) == 1
    assert beat.beat(APP) == 0
    drain()
    assert ticks() == 1
    assert beat.beat(APP) == 0
    row, now = Beat.objects.using(APP).get(), Beat.objects.using(APP).values_list(Now()).get()[0]
    assert timedelta(minutes=59) < row.due_at - now <= HOURLY
    assert row.asked_at is not None


def test_times_that_went_by_are_made_up_for_by_one() -> None:
    beat.beat(APP)
    drain()
    time_is_up()
    assert [beat.beat(APP) for _ in range(3)] == [1, 0, 0]
    drain()
    assert ticks() == 2


@pytest.mark.parametrize("before", ["for the first time", "after many times went by"])
def test_of_many_that_look_at_once_one_asks(
    together: Callable[..., list[Any]], before: str
) -> None:
    if before == "after many times went by":
        beat.beat(APP)
        drain()
        time_is_up()
    done = ticks()
    assert sorted(together(lambda _: beat.beat(APP), 8)) == [0] * 7 + [1]
    drain()
    assert ticks() == done + 1


def test_who_looked_before_another_asked_does_not_ask_after_it_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(beat, "_due", lambda app: [NAME])  # what was seen a while ago
    assert beat.beat(APP) == 1
    drain()
    assert beat.beat(APP) == 0
    drain()
    assert ticks() == 1


@pytest.mark.parametrize("at", ["on its way", "to be tried again", "a dead letter"])
def test_it_is_not_asked_for_again_while_it_is_not_done(
    monkeypatch: pytest.MonkeyPatch, settings: Any, at: str
) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 1 if at == "a dead letter" else 12

    def fail() -> None:
        raise Broken

    beat.beat(APP)
    if at != "on its way":
        with monkeypatch.context() as broken:
            broken.setattr(ticking, "tick", fail)
            drain()
    time_is_up()
    assert beat.beat(APP) == 0
    assert OutboxEvent.objects.using(APP).count() == 1
    time_passes()
    drain()
    assert ticks() == (0 if at == "a dead letter" else 1)
    time_is_up()
    assert beat.beat(APP) == (0 if at == "a dead letter" else 1)


def test_a_process_that_dies_while_it_asks_has_not_asked() -> None:
    command = [sys.executable, "-m", "tests.extract.event.ticking"]
    environment = {**os.environ, "EXTRACT_KILL_AT": "beat.asked"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not Beat.objects.using(APP).exists()
    assert not OutboxEvent.objects.using(APP).exists()
    assert beat.beat(APP) == 1
    drain()
    assert ticks() == 1


def test_each_app_keeps_its_own_time() -> None:
    @periodic("invoice", NAME, every=HOURLY)
    def tick(key: str) -> None:
        """Nothing."""

    assert (beat.beat(APP), beat.beat("invoice"), beat.beat("product")) == (1, 1, 0)
    assert [Beat.objects.using(app).count() for app in (APP, "invoice", "product")] == [1, 1, 0]


def test_looking_only_reads() -> None:
    beat.beat(APP)
    statements: list[str] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        statements.append(sql)
        return execute(sql, params, many, context)

    with connections[APP].execute_wrapper(note):
        assert beat.beat(APP) == 0
    assert [sql.split()[0] for sql in statements] == ["SELECT"]


def test_a_period_is_longer_than_nothing() -> None:
    with pytest.raises(SubscriptionMistake, match="a period above zero"):
        periodic(APP, "never", every=timedelta(0))
