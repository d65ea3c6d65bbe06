"""The gateway's nginx as a process, with tables of instances pushed by hand or by an agent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from extract.gateway.render import SOCKET, command, render
from extract.gateway.table import TableDoor
from tests.ports import free_port

START_SECONDS = 10


def peer(
    port: int, *, role: str = "product", weight: int = 100, down: bool = False
) -> dict[str, Any]:
    """An instance of the loopback as tables have it."""
    return {
        "id": f"{role}-{port}", "role": role, "address": f"127.0.0.1:{port}",
        "host": "127.0.0.1", "port": port, "weight": weight, "down": down,
    }  # fmt: skip


class Nginx:
    """nginx rendered from the settings of this process, in ``directory``, on a free port.

    ``with Nginx(directory) as gateway: gateway.push({"product": [peer(port)]})``
    """

    def __init__(self, directory: Path, *, workers: int = 2) -> None:
        self.directory = directory
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.conf = render(directory, host="127.0.0.1", port=self.port, workers=workers)
        self.door = TableDoor(directory / SOCKET)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Nginx:
        return self.start()

    def __exit__(self, *args: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None, "start it first"
        return self._process.pid

    @property
    def worker_pids(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def start(self) -> Nginx:
        """Start it and wait until it takes a table."""
        self._process = subprocess.Popen(
            command(self.conf), stdin=subprocess.DEVNULL, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self.push({})
                return self
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    self.stop()
                    raise RuntimeError(f"nginx did not start: {error}\n{self.said()}") from error
                time.sleep(0.01)

    def push(
        self,
        apps: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        passes: Mapping[str, str] | None = None,
    ) -> None:
        """Make this the table of instances; each role is shown ``pass-for-<role>`` by default."""
        roles = {str(each["role"]) for peers in apps.values() for each in peers}
        shown = {role: f"pass-for-{role}" for role in roles} if passes is None else dict(passes)
        self.door.push({"apps": dict(apps), "passes": shown})

    def said(self) -> str:
        """Its error log."""
        log = self.directory / "error.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def stop(self) -> None:
        """End it and its workers."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to master and workers."""
        self._end(signal.SIGKILL)

    def _end(self, by: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, by)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None
