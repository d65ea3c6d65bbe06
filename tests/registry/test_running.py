"""The fleet that runs on a data directory is found while it runs, and no longer."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from extract.registry import process
from extract.registry.overview import overview
from extract.registry.running import AnotherRuns, Running, alone, announce, current

UP = Running(os.getpid(), "redis://here", "http://127.0.0.1:8080", "/control.sock")


@pytest.fixture(autouse=True)
def data_directory(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def killed_up() -> None:
    """One that announced itself and was killed before it could take that back."""
    if (child := os.fork()) == 0:
        try:
            with alone():
                announce(UP)
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


def test_the_registry_is_that_of_the_fleet_that_runs_here(settings: Any) -> None:
    assert process.registry_url() == ""
    with alone():
        announce(UP)
        assert (current(), process.registry_url()) == (UP, "redis://here")
        settings.REDIS_URL = "redis://there"
        assert process.registry_url() == "redis://there"
        settings.REDIS_URL = ""
    assert (current(), process.registry_url()) == (None, "")


def test_what_a_killed_one_left_behind_is_not_believed(settings: Any) -> None:
    killed_up()
    assert (settings.DATA_DIR / "run" / "up.json").exists()
    assert (current(), process.registry_url()) == (None, "")
    with pytest.raises(process.NoRegistry):
        process.open_registry()
    seen = overview()
    assert seen.registry.url == ""
    assert {app.placement for app in seen.apps.values()} == {"home"}


def test_after_a_killed_one_another_can_run_and_only_one() -> None:
    killed_up()
    with alone():
        announce(UP)
        with pytest.raises(AnotherRuns, match="is up already"), alone():
            pass
        assert current() == UP


def test_whoever_only_looks_keeps_nobody_from_starting(settings: Any) -> None:
    """What a killed one left is looked at, under a shared lock, at the moment another starts."""
    killed_up()
    looking = os.open(settings.DATA_DIR / "run" / "lock", os.O_RDWR)
    fcntl.flock(looking, fcntl.LOCK_SH)
    threading.Timer(0.1, os.close, [looking]).start()
    with alone():
        announce(UP)
        assert current() == UP
