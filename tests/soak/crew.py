"""The processes of a soak: each in a group of its own, and started again whenever it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from extract.fleet.child import TIED
from extract.trust import HOME
from tests.fleets import ROOT, kill
from tests.load.disturbances import children


class Member:
    """``manage.py extract …``, for as long as ``tend`` is called; by the main thread."""

    def __init__(self, *arguments: str, log: Path, **env: str) -> None:
        self._command = [sys.executable, "manage.py", "extract", *arguments]
        self._log = log
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: list[int] = []

    def tend(self) -> None:
        """Start it, if it does not run."""
        if self._process is not None and self._process.poll() is None:
            return
        tied = [sys.executable, "-I", "-S", str(TIED), str(os.getpid())]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*tied, *self._command], cwd=ROOT, env={**os.environ, **self._env},
                start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._groups.append(self._process.pid)

    def children(self) -> list[int]:
        """The processes that it forked."""
        return children(self._process.pid) if self._process else []

    def kill(self) -> None:
        """This process alone: what it forked has to notice by itself."""
        if self._process is not None:
            kill(self._process.pid)
            self._process.wait()

    def end(self) -> None:
        """It, and whatever any of its predecessors has left behind."""
        self.kill()
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


class Crew:
    """Two relays, and workers of both tiers. ``logs`` is a directory."""

    def __init__(self, logs: Path) -> None:
        self.relays = [
            # With the environment that it would give itself, it starts in half the time.
            Member("relay", app, log=logs / "relays.log", EXTRACT_ROLE=HOME, EXTRACT_APPS=app)
            for app in ("product", "payment")
        ]
        self.workers = [
            Member("worker", role, log=logs / f"{role}.log") for role in ("payment", HOME)
        ]

    def tend(self) -> None:
        """Start who is missing."""
        for member in (*self.relays, *self.workers):
            member.tend()

    def end(self) -> None:
        for member in (*self.relays, *self.workers):
            member.end()
