"""A worker of the monolith, as ``celery -A shop.celery worker`` starts it, for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from tests.fleets import below, is_running, wait_until

ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """Empties the queues of home at ``broker_url``; ``notes`` is what its second steps were."""

    def __init__(self, broker_url: str, directory: Path, **env: str) -> None:
        self.notes = directory / "notes"
        self.notes.touch()
        self.log = directory / "worker.log"
        self._env = {
            **os.environ,
            "DATA_DIR": str(settings.DATA_DIR),
            "DJANGO_SETTINGS_MODULE": "tests.messages.settings",
            "CELERY_BROKER_URL": broker_url,
            "COUNTING_NOTES": str(self.notes),
            **env,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "start the worker first"
        return self._process.pid

    def start(self, *, concurrency: int = 1) -> Worker:
        command = ["-A", "shop.celery", "worker", "--concurrency", str(concurrency)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "celery", *command],
                cwd=ROOT, env=self._env, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        return self

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def children(self) -> list[int]:
        return [pid for pid in below(self.pid) if is_running(pid)]

    def ended(self, seconds: float = 60.0) -> int:
        """Wait for its end; its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def ask_to_end(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """At once, with its children."""
        if self._process is not None and self.is_alive():
            children = below(self.pid)
            self._process.kill()
            self._process.wait()
            wait_until(lambda: not any(map(is_running, children)))

    def finished(self) -> list[str]:
        """What second steps were begun, in order."""
        return self.notes.read_text().splitlines()
