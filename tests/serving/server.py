"""One running shop and what tests do to it: kill, stop, start again, run a command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


class Server:
    """A shop at ``base_url`` with its databases told by ``env``.

    ``kill`` is a SIGKILL to every process of it; ``stop`` asks it to end and waits.
    ``start`` starts it (again), with further environment variables for that start only.
    """

    def __init__(self, *, data_dir: Path, env: dict[str, str]) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / "server.log"
        self.env = {
            **os.environ,
            "DATA_DIR": str(data_dir),
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONUNBUFFERED": "1",
            **env,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process (and its group) that was started last."""
        assert self._process is not None, "start the server first"
        return self._process.pid

    def start(self, **env: str) -> Server:
        """Start and wait until it is ready."""
        config = f"python:{__package__}.once"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", config, "shop.wsgi"],
                cwd=ROOT, env={**self.env, **env}, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self._wait_ready()
        return self

    def stop(self) -> None:
        """SIGTERM: requests under way are finished."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, to all processes of this server at once."""
        self._end(signal.SIGKILL)

    def restart(self, **env: str) -> Server:
        """Kill it and start it again at the same address with the same data."""
        self.kill()
        return self.start(**env)

    def wait_dead(self, seconds: float = 30) -> None:
        """Wait until it has ended by itself, as at a kill point."""
        assert self._process is not None
        self._process.wait(seconds)

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def manage(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run ``manage.py`` on this server's data; the caller looks at the exit code."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env={**self.env, **env}, text=True, capture_output=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def said(self) -> str:
        """Everything it has logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _end(self, by: signal.Signals) -> None:
        if self._process is None:
            return
        try:
            if by is signal.SIGKILL:
                os.killpg(self._process.pid, by)
            else:
                self._process.send_signal(by)
        except ProcessLookupError:
            pass
        try:
            self._process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _wait_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if not self.is_alive() or time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"The server did not become ready:\n{self.said()[-4000:]}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base_url}/health/ready/", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
