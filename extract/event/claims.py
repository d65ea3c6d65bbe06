"""Claims on inbox rows: short, so that those of the dead lapse soon, and renewed while steps run.

A claim holds for ``CLAIM`` seconds. A thread of the process that runs the steps renews it, until
they end or have taken as long as they may.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from django.db import connections
from django.db.models.functions import Now

from extract.data import alias_of, owned
from extract.event.models import InboxEvent
from extract.event.steps import longest_steps

logger = structlog.get_logger(__name__)

CLAIM = 5.0
"""Seconds for which a claim holds unless it is renewed."""


def claim(attempts: int) -> dict[str, Any]:
    """The columns of a row that is one process's to work on."""
    return {"attempts": attempts, "due_at": Now() + _length(), "handed_to": ""}


@contextmanager
def kept(app: str, row: InboxEvent) -> Iterator[None]:
    """Renew the claim on ``row``, which is the caller's, for as long as the block may take."""
    with _guard:
        keeper = _keepers.get(app)
        if keeper is None:
            keeper = _keepers[app] = _Keeper(app)
            keeper.start()
    with keeper.keeping(_Kept(row.pk, row.attempts)):
        yield


@dataclass(frozen=True)
class _Kept:
    """A claim, and until when it may be renewed, on this process's clock."""

    row: int
    attempts: int
    until: float = field(default_factory=lambda: time.monotonic() + longest_steps())


class _Keeper(threading.Thread):
    """Renews the claims of one app's events. It sleeps while there are none."""

    def __init__(self, app: str) -> None:
        super().__init__(name=f"claims-{app}", daemon=True)
        self._app = app
        self._kept: set[_Kept] = set()
        self._some = threading.Event()

    @contextmanager
    def keeping(self, one: _Kept) -> Iterator[None]:
        self._kept.add(one)
        self._some.set()
        try:
            yield
        finally:
            self._kept.discard(one)

    def run(self) -> None:
        while True:
            self._some.wait()
            before = self._kept.copy()
            time.sleep(_length().total_seconds() / 3)
            self._some.clear()
            # What was begun since needs no renewal yet.
            self._renew(before & self._kept)
            if self._kept:
                self._some.set()

    def _renew(self, some: set[_Kept]) -> None:
        now = time.monotonic()
        try:
            for one in some:
                if now < one.until:
                    self._renew_one(one)
        except Exception:
            # The claim lapses if that goes on: others may then run its steps as well.
            logger.exception("inbox.claim_not_renewed", app=self._app)
        finally:
            if some:
                connections.close_all()

    def _renew_one(self, one: _Kept) -> None:
        row = InboxEvent.objects.using(alias_of(self._app)).filter(
            pk=one.row, state=InboxEvent.State.WAITING, attempts=one.attempts
        )
        with owned(self._app):
            row.update(due_at=Now() + _length())


def _length() -> timedelta:
    return timedelta(seconds=min(CLAIM, longest_steps()))


_guard = threading.Lock()
_keepers: dict[str, _Keeper] = {}


def _forget() -> None:
    global _guard
    _guard = threading.Lock()
    _keepers.clear()


os.register_at_fork(after_in_child=_forget)
