"""A real Redis of a test's own: a free port, a temporary folder, nothing kept on disk."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import redis

from tests.ports import free_port


class RedisServer:
    """Started when made; ``url`` stays the same over ``stop`` and ``start``."""

    def __init__(self, executable: Path) -> None:
        self._executable = executable
        self.directory = Path(tempfile.mkdtemp(prefix="shop-redis-"))
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Empty, as after every stop."""
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.directory),
            "save": "",
            "appendonly": "no",
            "logfile": str(self.directory / "log"),
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen([self._executable, *arguments], start_new_session=True)
        until = time.monotonic() + 10
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                log = self.directory / "log"
                raise RuntimeError(
                    f"Redis did not start:\n{log.read_text() if log.exists() else ''}"
                )
            time.sleep(0.01)

    def stop(self) -> None:
        """As a crash: connections break, everything is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """It hangs: connections stay, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on after ``pause``."""
        self._signal(signal.SIGCONT)

    def flush(self) -> None:
        """Everything in it is lost, while it runs."""
        with self.client() as client:
            client.flushall()

    def client(self) -> redis.Redis:
        """A client of its own, for a look behind the scenes."""
        return redis.Redis.from_url(self.url, decode_responses=True)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "Redis is stopped"
        self._process.send_signal(number)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False
