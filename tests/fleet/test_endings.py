"""However a fleet ends, nothing of it is left."""

from __future__ import annotations

import os
import signal

import pytest

from tests.fleets import Fleet, is_running, wait_until

AT_ONCE = 10.0
"""Seconds; well below what an instance is given to end in."""


@pytest.fixture
def started(bare: Fleet) -> Fleet:
    """Smallest, and on the data that another one may have left in a hurry."""
    return bare.start("home=1", "identity=0", "product=1")


def test_without_its_supervisor_everything_ends(started: Fleet) -> None:
    processes = started.processes()
    assert len(processes) >= 5
    os.kill(started.pid, signal.SIGKILL)
    started.wait_ended(5)
    wait_until(lambda: not any(map(is_running, processes)), 30)
    assert (started.data_dir / "run" / "up.json").exists()
    scaled = started.manage("extract", "scale", "product", "2")
    assert scaled.returncode == 1
    assert f"No fleet is up for {started.data_dir}" in scaled.stderr


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order(started: Fleet, by: signal.Signals) -> None:
    processes = started.processes()
    assert "in the background: manage.py extract down" in started.said().partition(" is up")[0]
    started.signal(by)
    assert started.wait_ended() == 0
    assert not any(map(is_running, processes))
    ended = [line for line in started.said().splitlines() if "-1 has ended" in line]
    assert "gateway-1" in ended[0]
    assert "home-1" in ended[-2]
    assert "redis-1" in ended[-1]
    assert "killed" not in started.said()


def test_a_second_signal_ends_it_at_once(started: Fleet) -> None:
    processes = started.processes()
    for pid in started.instances("product").values():
        os.kill(pid, signal.SIGSTOP)  # it would be waited for
    started.signal(signal.SIGINT)
    wait_until(lambda: "ending" in started.said())
    started.signal(signal.SIGINT)
    assert started.wait_ended(AT_ONCE) == 0
    assert not any(map(is_running, processes))
