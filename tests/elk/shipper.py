"""rsyslog as a process of a test's own, with the configuration of ``docker/elk``."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from tests.fleets import ROOT

CONFIGURATION = ROOT / "docker" / "elk" / "rsyslog.conf"


class Shipper:
    """``logs`` is the folder whose ``*.jsonl`` it sends. It goes on where it was after a stop."""

    def __init__(self, executable: Path, directory: Path, port: int) -> None:
        self.logs = directory / "logs"
        self.state = directory / "state"
        self.logs.mkdir(parents=True)
        self.state.mkdir()
        self._command = [str(executable), "-n", "-f", str(CONFIGURATION)]
        self._command += ["-i", str(self.state / "pid")]
        self._env = {
            **os.environ,
            "LOG_DIR": str(self.logs),
            "STATE_DIR": str(self.state),
            "ELASTICSEARCH_HOST": "127.0.0.1",
            "ELASTICSEARCH_PORT": str(port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # One that was killed left it.
        (self.state / "pid").unlink(missing_ok=True)
        with (self.state / "said").open("ab") as said:
            self._process = subprocess.Popen(
                self._command, env=self._env, stdout=said, stderr=said, stdin=subprocess.DEVNULL
            )

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def refused(self) -> str:
        """What Elasticsearch did not take, and why."""
        file = self.state / "refused"
        return file.read_text() if file.exists() else ""

    def said(self) -> str:
        return (self.state / "said").read_text()

    def _end(self, by: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(by)
            self._process.wait(timeout=30)
            self._process = None
