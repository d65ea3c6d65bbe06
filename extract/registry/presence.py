"""How a serving process makes itself known, and says goodbye."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import structlog

from extract.registry.instance import Instance, Signed
from extract.registry.lease import HEARTBEAT
from extract.registry.registry import Registry, RegistryDown, Withdrawn
from extract.trust import Trust

logger = structlog.get_logger(__name__)

POLL_EVERY = 0.05
"""Seconds between two looks at whether the process is ready."""


class Presence:
    """Announces what ``describe`` returns, from when ``ready`` is true, in a thread of its own.

    For the process that serves, after any fork: a fork's child is another process, which neither
    announces nor withdraws this one.
    """

    def __init__(
        self,
        registry: Registry,
        describe: Callable[[], Instance],
        trust: Trust,
        ready: Callable[[], bool],
    ) -> None:
        self._registry = registry
        self._describe = describe
        self._trust = trust
        self._ready = ready
        self._announcing = threading.Lock()
        self._stopping = threading.Event()
        self._announced: tuple[Instance, Signed] | None = None
        self._process = 0
        self._complaint = ""

    def start(self) -> None:
        """Begin as soon as the process is ready."""
        self._process = os.getpid()
        threading.Thread(target=self._run, name="registry-presence", daemon=True).start()

    def withdraw(self) -> None:
        """End the announcements, then say goodbye, so that none comes after it."""
        if self._process != os.getpid() or self._stopping.is_set():
            return
        self._stopping.set()
        with self._announcing:
            if self._announced is None:
                return
            try:
                self._registry.withdraw(self._announced[0].id)
            except RegistryDown as error:
                logger.warning("registry.withdrawal_lost", reason=str(error))
            finally:
                self._registry.close()

    def _run(self) -> None:
        while not self._is_ready() and not self._stopping.wait(POLL_EVERY):
            pass
        while not self._stopping.is_set():
            self._beat()
            self._stopping.wait(HEARTBEAT)

    def _is_ready(self) -> bool:
        try:
            return self._ready()
        except Exception as error:
            self._complain("registry.readiness_failed", error)
            return False

    def _beat(self) -> None:
        with self._announcing:
            if self._stopping.is_set():
                return
            try:
                instance = self._describe()
                if self._announced is None or self._announced[0] != instance:
                    self._announced = (instance, Signed.of(instance, self._trust.own))
                self._registry.announce(instance.id, self._announced[1])
            except Exception as error:
                self._complain("registry.announcement_failed", error)
            else:
                if self._complaint:
                    logger.info("registry.announced_again", instance=instance.name)
                self._complaint = ""

    def _complain(self, event: str, error: Exception) -> None:
        """Once for each kind of failure: the next beat tries again."""
        if self._complaint != (complaint := f"{event} {type(error).__name__}"):
            self._complaint = complaint
            logger.warning(event, reason=str(error), exc_info=not isinstance(error, _EXPECTED))


_EXPECTED = (RegistryDown, Withdrawn)
