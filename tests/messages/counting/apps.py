"""Payment subscribes to what product counts (``tests.extract.event.scene``); what a thing is
called says what befalls whoever handles its events. Each second step is noted in a file."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from tests.extract.event.scene import Counted


class CountingConfig(AppConfig):
    name = "tests.messages.counting"

    def ready(self) -> None:
        # In a worker: the tests' own process declares its subscriber for each test.
        if "celery" in sys.argv[0]:
            from tests.extract.event.scene import Counter

            counter = Counter()
            counter.recording, counter.finishing = _recording, _finishing
            _declare_bare_task()


def _declare_bare_task() -> None:
    """What the benchmark of messages compares events with."""
    from celery import shared_task

    from tests.bench.messages import write

    shared_task(name="bench.write")(write)


def _recording(event: Counted) -> None:
    if event.thing.startswith("dies recording"):
        os.kill(os.getpid(), signal.SIGKILL)


def _finishing(event: Counted) -> None:
    if not os.environ["COUNTING_NOTES"]:
        return
    line, notes = f"{event.thing}/{event.number}\n", Path(os.environ["COUNTING_NOTES"])
    with notes.open("a") as file:
        file.write(line)
    times = notes.read_text().count(line)
    if event.thing.startswith("dies finishing"):
        os.kill(os.getpid(), signal.SIGKILL)
    if event.thing.startswith("dies once") and times < 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if event.thing.startswith("takes a second"):
        time.sleep(1)
    if event.thing.startswith("hangs") and times < 2:
        time.sleep(600)
    if event.thing.startswith("fails"):
        raise RuntimeError(f"{event.thing} {event.number} cannot be done")
