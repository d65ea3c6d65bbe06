"""The thread that looks at the registry whenever something changed there, and now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from extract.registry.asking import Asking
from extract.registry.confirm import NotConfirmed
from extract.registry.instance import Instance
from extract.registry.lease import LEASE
from extract.registry.registry import Registry, RegistryDown, Snapshot

logger = structlog.get_logger(__name__)

POLL_EVERY = 0.5
"""Seconds between two looks where nothing was pushed: a lease that lapses pushes nothing."""


class Watcher(Protocol):
    """Who is told. ``looked`` and ``lost`` return the instances to ask for proof."""

    def looked(self, snapshot: Snapshot, steady: float) -> list[Instance]: ...

    def doubted(self) -> tuple[str, frozenset[str]]: ...

    def lost(self) -> list[Instance]: ...

    def heard(self, instance: Instance, failed: NotConfirmed | None) -> None: ...


class Watching:
    """Begins with ``start``, ends with ``stop``, and closes the registry then."""

    def __init__(
        self, registry: Registry, ask: Callable[[Instance], object], watcher: Watcher
    ) -> None:
        self._registry = registry
        self._watcher = watcher
        self._asking = Asking(ask, watcher.heard)
        self._looked = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="registry-view", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not threading.current_thread():
            self._thread.join(5)
        self._asking.stop()

    def settled(self) -> bool:
        """Whether there was a look and everyone listed was asked."""
        return self._looked and self._asking.has_asked_all()

    def _run(self) -> None:
        lost: float | None = None
        steady_since: float | None = None
        while not self._stopping.is_set():
            try:
                snapshot = self._registry.look()
                steady_since = steady_since or time.monotonic()
                steady = time.monotonic() - steady_since
                self._asking.want(self._watcher.looked(snapshot, steady))
                self._looked = True
                self._say_doubts()
                if lost is not None:
                    logger.info("registry.back", seconds=round(time.monotonic() - lost, 1))
                    lost = None
                self._registry.wait(POLL_EVERY)
            except RegistryDown as error:
                steady_since = None
                if lost is None:
                    lost = time.monotonic()
                    logger.warning("registry.down", reason=str(error))
                if time.monotonic() - lost > LEASE:
                    self._asking.want(self._watcher.lost())
                self._stopping.wait(POLL_EVERY)
            except Exception:
                logger.exception("registry.view_failed")
                self._stopping.wait(POLL_EVERY)
        self._registry.close()

    def _say_doubts(self) -> None:
        looker, ids = self._watcher.doubted()
        if ids:
            self._registry.doubt(looker, ids)
