"""A whole fleet by ``extract up``, as an operator starts it, and what tests do to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 120.0
STOP_SECONDS = 60.0
UP = "Everything is up"


class Fleet:
    """What ``extract up`` runs on ``data_dir``; ``env`` is added to this process's environment.

    ``start`` takes what ``up`` takes (``"home=1", "product=2"``; nothing: one of each) and waits
    until everything is up. ``prepare=False`` takes the databases as they are. ``stop`` is a
    Ctrl-C, and makes sure that nothing is left. ``python`` runs the checkout at ``root``.
    """

    def __init__(
        self,
        data_dir: Path,
        env: dict[str, str],
        *,
        prepare: bool = True,
        python: Path = Path(sys.executable),
        root: Path = ROOT,
    ) -> None:
        self.data_dir = data_dir
        self._manage = [str(python), "manage.py"]
        self._root = root
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / "up.log"
        self.env = {
            **os.environ,
            "DATA_DIR": str(data_dir),
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONUNBUFFERED": "1",
            **env,
        }
        self._prepare = prepare
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The supervisor."""
        assert self._process is not None, "start the fleet first"
        return self._process.pid

    @property
    def redis_url(self) -> str:
        return str(json.loads((self.data_dir / "run" / "up.json").read_bytes())["redis_url"])

    def start(self, *apps: str) -> Fleet:
        self.begin(*apps)
        try:
            wait_until(lambda: UP in self.said() or not self.is_alive(), START_SECONDS)
            assert self.is_alive(), "it ended by itself"
        except AssertionError as error:
            logs = {log.name: log.read_text()[-1000:] for log in self.logs.glob("*.log")}
            self.stop()
            raise RuntimeError(
                f"The fleet did not start ({error}):\n{self.said()}\n{logs}"
            ) from error
        return self

    def begin(self, *apps: str) -> None:
        """Start it, and wait for nothing."""
        how = [] if self._prepare else ["--no-prepare"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*self._manage, "extract", "up", *apps, f"--port={self.port}", *how],
                cwd=self._root, env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip

    def stop(self) -> None:
        if self._process is None:
            return
        before = self.processes()
        self.signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            for pid in before:
                kill(pid)

    def manage(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run ``manage.py`` on this fleet's data; the caller looks at the exit code."""
        return subprocess.run(
            [*self._manage, *arguments],
            cwd=self._root, env={**self.env, **env}, text=True, capture_output=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def status(self) -> dict[str, Any]:
        """What ``status --json`` says."""
        done = self.manage("extract", "status", "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout.splitlines()[-1]))

    def processes(self) -> dict[int, str]:
        """Every process that the supervisor started, and theirs: pid → role, "" for others."""
        return {pid: _told(pid, "EXTRACT_ROLE") for pid in below(self.pid)}

    def pids(self, role: str) -> list[int]:
        """The role's instances, those that begin or leave included."""
        return sorted(self.instances(role).values())

    def instances(self, role: str) -> dict[str, int]:
        """The same by their ids."""
        return {
            _told(pid, "EXTRACT_INSTANCE"): pid
            for pid, found in self.processes().items()
            if found == role and not _is_worker(pid)
        }

    def workers(self, role: str) -> dict[str, int]:
        """The role's workers by their ids; each pid is that of the parent of what works."""
        found = [pid for pid, of in self.processes().items() if of == role and _is_worker(pid)]
        return {_told(pid, "EXTRACT_INSTANCE"): pid for pid in found if _parent(pid) not in found}

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait_ended(self, seconds: float = STOP_SECONDS) -> int:
        """Its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    @property
    def logs(self) -> Path:
        """A directory."""
        return self.data_dir / "run" / "logs"

    def said(self) -> str:
        """Everything that ``up`` has printed."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def wait_until(done: Callable[[], object], seconds: float = 30.0) -> None:
    """Look again and again. ``AssertionError`` if it takes longer."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, f"not within {seconds:g} s"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def below(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [each for child in map(int, children) for each in (child, *below(child))]


def _is_worker(pid: int) -> bool:
    try:
        return b"celery" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _told(pid: int, variable: str) -> str:
    try:
        entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
    named = (entry.partition(b"=") for entry in entries)
    return next((value.decode() for name, _, value in named if name == variable.encode()), "")
