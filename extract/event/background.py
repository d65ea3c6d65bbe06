"""Background work in the serving process: relays, inboxes and chores, a thread for each.

Started by whatever serves (never by ``AppConfig.ready``), after the process has forked. Woken
by commits of this process; what other processes leave behind is found by looking once a
second, and more often for a while after there was something. Looking only reads.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial

import structlog
from django.conf import settings
from django.db import connections

from extract.data import app_aliases
from extract.event import wakeup
from extract.event.beat import beat
from extract.event.relay import Relay
from extract.event.transport import InProcess, Transport
from extract.event.wakeup import wake

__all__ = ["drain", "register_chore", "start", "stop", "wake"]

logger = structlog.get_logger(__name__)

POLL_EVERY = 1.0
"""Seconds between two looks for work that nobody announced."""
FIRST_POLL_EVERY = 0.05
"""The same after there was something to do; doubled each time there is nothing."""
LONGEST_DELAY = 30.0
"""Seconds between two tries of what fails again and again."""


class _Task:
    """Work to be done again and again; its failures are its own, and it is tried less often then.

    ``call`` returns how much it got done: 0 if there is nothing more to do.
    """

    def __init__(self, name: str, call: Callable[[], int], *, every: float = 0.0) -> None:
        self._name = name
        self._call = call
        self._every = every
        self._due = 0.0
        self._failures = 0

    def wait(self) -> None:
        """Have it done no sooner than after its ``every``."""
        self._due = time.monotonic() + self._every

    def run(self) -> int:
        """Do it if it is time; never raises."""
        now = time.monotonic()
        if now < self._due:
            return 0
        self._due = now + self._every
        try:
            moved = self._call()
        except Exception:
            self._failures += 1
            self._due = now + min(POLL_EVERY * 2.0**self._failures, LONGEST_DELAY)
            if self._failures == 1:
                logger.exception("background.failing", task=self._name)
            connections.close_all()
            return 0
        if self._failures:
            logger.info("background.recovered", task=self._name, failures=self._failures)
            self._failures = 0
        return moved


class _Loop(threading.Thread):
    """Runs ``tasks`` until none gets anything done, then sleeps until it is woken, for at most
    ``POLL_EVERY``."""

    def __init__(self, name: str, tasks: list[_Task]) -> None:
        super().__init__(name=f"extract-{name}", daemon=True)
        self._tasks = tasks
        self._listens_to = name
        self._bell = wakeup.listen(name)
        self._stopping = False

    def run(self) -> None:
        pause = POLL_EVERY
        while not self._stopping:
            self._bell.clear()
            if sum(task.run() for task in tuple(self._tasks)):
                pause = FIRST_POLL_EVERY
            else:
                _rest_connections()
                self._bell.wait(pause)
                pause = min(2 * pause, POLL_EVERY)
        connections.close_all()

    def stop(self) -> None:
        """Ask the thread to end after what it is at."""
        self._stopping = True
        self._bell.set()
        wakeup.forget(self._listens_to, self._bell)


_chores: list[_Task] = []
_apart: list[_Task] = []
_loops: list[_Loop] = []
_guard = threading.Lock()


def register_chore(chore: Callable[[], object], *, every: float, apart: bool = False) -> None:
    """Have the worker call ``chore`` every ``every`` seconds; not more often than once a second.

    One that may take long is ``apart``: it holds up no other, and first waits for ``every``.
    """

    def call() -> int:
        chore()
        return 0

    tasks = _apart if apart else _chores
    tasks.append(_Task(chore.__qualname__, call, every=every))


def start(transport: Transport | None = None) -> None:
    """Begin the background work of this process; no effect if it has begun.

    Events go by ``transport`` (default: inside the process). A process that forks later leaves
    the work behind: the child calls ``start`` itself.
    """
    way = transport or InProcess()
    with _guard:
        if _loops:
            return
        apps = apps_served()
        relays = [_Task(f"relay {app}", Relay(app, way).run) for app in apps]
        beats = [_Task(f"beat {app}", partial(beat, app), every=POLL_EVERY) for app in apps]
        _loops.append(_Loop("relay", relays))
        # One each: an app whose steps are slow holds up no other.
        for app in apps:
            _loops.append(_Loop("inbox", [_Task(f"inbox {app}", partial(way.finish_due, app))]))
        _loops.append(_Loop("chores", [*_chores, *beats]))
        for task in _apart:
            task.wait()
            _loops.append(_Loop("chores", [task]))
        for loop in _loops:
            loop.start()


def stop(*, seconds: float = 10.0) -> None:
    """End the background work, after what it is at, or after ``seconds`` in any case."""
    with _guard:
        loops, _loops[:] = list(_loops), []
    ends_at = time.monotonic() + seconds
    for loop in loops:
        loop.stop()
    for loop in loops:
        loop.join(max(0.0, ends_at - time.monotonic()))


def drain(apps: Iterable[str] | None = None, *, limit: int = 10_000) -> int:
    """Deliver and finish, here and now, all that is due of ``apps`` (default: those served).

    Returns how many rows were moved on; stops after about ``limit``. What waits for its next
    attempt stays.
    """
    chosen = apps_served() if apps is None else tuple(apps)
    way = InProcess()
    works: list[Callable[[], int]] = [Relay(app, way).run for app in chosen]
    works += [partial(way.finish_due, app) for app in chosen]
    moved = 0
    while moved < limit and (step := sum(work() for work in works)):
        moved += step
    return moved


def apps_served() -> tuple[str, ...]:
    """The apps whose events this process works on: ``settings.EXTRACT_APPS``; unset: all."""
    served = getattr(settings, "EXTRACT_APPS", None)
    return app_aliases() if served is None else tuple(served)


def _rest_connections() -> None:
    """Give connections back while there is nothing to do.

    SQLite's stay open: closing the last one of a file makes it fold its log into it.
    """
    for connection in connections.all(initialized_only=True):
        if connection.vendor != "sqlite":
            connection.close()


def _forget() -> None:
    global _guard
    _loops.clear()
    _guard = threading.Lock()


os.register_at_fork(after_in_child=_forget)
atexit.register(stop)
