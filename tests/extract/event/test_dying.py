"""A process may die anywhere between the commit and the end: the next one goes on from there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from extract.event import handling, inbox, relay
from extract.event.background import drain
from extract.testing.kill import KILL_POINTS, KillPoint
from tests.extract.event import mortal
from tests.extract.event.scene import Counter, outbox, recorded, time_passes
from tests.extract.event.scene import inbox as inbox_rows

ROOT = Path(__file__).resolve().parents[3]
POINTS = sorted(name for name in KILL_POINTS if name.startswith(("relay.", "inbox.")))

LATER = {handling.claimed.name, handling.late.name, handling.finished.name, handling.done.name}
"""These are reached again when the events that failed at first are tried again."""


def run_mortal(kill_at: str) -> int:
    command = [sys.executable, "-m", "tests.extract.event.mortal"]
    environment = {**os.environ, "EXTRACT_KILL_AT": kill_at}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def test_the_relay_and_the_inbox_have_points_to_die_at() -> None:
    assert relay.sent.name in POINTS
    assert inbox.arrived.name in POINTS
    assert handling.late.name in POINTS
    assert len(POINTS) == 11


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("point", "time"),
    [(point, time) for point in POINTS for time in ((1, 3, 6) if point in LATER else (1, 3))],
)
def test_nothing_is_lost_or_doubled(counter: Counter, point: str, time: int) -> None:
    assert run_mortal(f"{point}:{time}") == -signal.SIGKILL
    time_passes()
    drain()
    for thing in mortal.THINGS:
        assert recorded(thing) == list(mortal.NUMBERS)
        assert [row.state for row in outbox(thing)] == ["done"] * len(mortal.NUMBERS)
        assert [row.state for row in inbox_rows(thing)] == ["done"] * len(mortal.NUMBERS)
        assert all(row.recorded_at is not None for row in inbox_rows(thing))


def test_without_a_point_the_process_lives(counter: Counter) -> None:
    assert run_mortal("") == 0
    for thing in mortal.THINGS:
        assert recorded(thing) == list(mortal.NUMBERS)
    assert drain() == 0


def test_a_point_has_a_name_of_its_own() -> None:
    with pytest.raises(ValueError, match=r"relay\.sent"):
        KillPoint("relay.sent")
