"""The gateway's agent: tells nginx of every change of instances, and the registry who refuses.

nginx knows nothing but what the agent told it last, and goes on with that while the agent or
the registry is away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from extract.gateway.probe import refusing
from extract.gateway.table import Addressed, TableDoor, resolved, table_of
from extract.registry import RegistryDown
from extract.registry.view import View
from extract.trust import Trust

logger = structlog.get_logger(__name__)

PROBE_EVERY = 0.25
PUSH_EVERY = 1.0
"""Seconds after which nginx is told also what it should know: it may have been started anew."""
REPEAT_EVERY = 1.0


class Agent:
    """Keeps nginx's table of ``apps`` behind ``door`` as ``view`` has it.

    ``repeat`` tells the registry what operators have set; it may raise ``RegistryDown``.
    ``run`` blocks until ``stop``, which any thread may call.
    """

    def __init__(
        self,
        view: View,
        trust: Trust,
        apps: Iterable[str],
        socket: Path,
        *,
        repeat: Callable[[], None] = lambda: None,
    ) -> None:
        self._view = view
        self._trust = trust
        self._apps = tuple(apps)
        self._door = TableDoor(socket)
        self._repeat = repeat
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._refusing: frozenset[str] = frozenset()
        self._complaints: dict[str, str] = {}
        self._places: dict[str, Addressed] = {}

    def run(self) -> None:
        """Tell nginx of every change at once, and probe and repeat beside it."""
        unsubscribe = self._view.subscribe(self._changed.set)
        beside = [
            threading.Thread(target=self._every, args=(seconds, work), name=name, daemon=True)
            for name, seconds, work in (
                ("gateway-probe", PROBE_EVERY, self._probe),
                ("gateway-repeat", REPEAT_EVERY, self._tell_registry),
            )
        ]
        for thread in beside:
            thread.start()
        while not self._stopping.is_set():
            self._changed.clear()
            self._push()
            self._changed.wait(PUSH_EVERY)
        unsubscribe()
        for thread in beside:
            thread.join()

    def stop(self) -> None:
        self._stopping.set()
        self._changed.set()

    def _push(self) -> None:
        found: dict[str, Addressed] = {}
        unknown: dict[str, str] = {}

        def find(address: str) -> Addressed | None:
            """Where it is, or was when its name was resolved last."""
            try:
                found[address] = resolved(address)
            except OSError as error:
                unknown[address] = f"{address}: {error}"
                if address in self._places:
                    found[address] = self._places[address]
            return found.get(address)

        table = table_of(self._view, self._trust, self._apps, refusing=self._refusing, resolve=find)
        self._places = found
        self._note("resolving", "; ".join(unknown.values()))
        try:
            self._door.push(table)
        except OSError as error:
            self._note("push", str(error))
        else:
            self._note("push", "")

    def _probe(self) -> None:
        """Connect to each instance: one that refuses gets no request from now on."""
        addresses = {
            known.instance.id: known.instance.address
            for known in self._view.known()
            if not known.withdrawn
        }
        found = refusing(addresses)
        for id in addresses:
            (self._view.refused if id in found else self._view.answered)(id)
        if found != self._refusing:
            self._refusing = found
            self._changed.set()

    def _tell_registry(self) -> None:
        try:
            self._repeat()
        except RegistryDown as error:
            self._note("registry", str(error))
        else:
            self._note("registry", "")

    def _every(self, seconds: float, work: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                work()
            except Exception:
                logger.exception("gateway.agent_failed", work=work.__name__)
            self._stopping.wait(max(0.0, seconds - (time.monotonic() - started)))

    def _note(self, about: str, reason: str) -> None:
        """Say once that something fails and why, and that it is over; not every second."""
        before = self._complaints.get(about, "")
        self._complaints[about] = reason
        if reason and reason != before:
            logger.warning(f"gateway.{about}_failed", reason=reason)
        elif before and not reason:
            logger.info(f"gateway.{about}_back")
