"""A process of the fleet: leader of a group of its own, logging to a file, tied to its starter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from django.conf import settings

TIED = Path(__file__).with_name("tied.py")
LOG_BYTES = 64 * 1024 * 1024


class Child:
    """Begun when it is made, by the thread whose end would end it: the main one."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        tied = [sys.executable, "-I", "-S", str(TIED), str(os.getpid())]
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*tied, *command], cwd=settings.BASE_DIR, env=dict(env), start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        self.started_at = time.monotonic()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ended(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs. Whatever it leaves of its
        group, as a killed nginx does its workers, ends too."""
        if (code := self._process.poll()) is not None:
            self.kill()
        return code

    def ask_to_end(self, by: signal.Signals) -> None:
        self._process.send_signal(by)

    def kill(self) -> None:
        """The whole group, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def last_words(self) -> str:
        """The last line that it logged; of a traceback, that is the error."""
        lines = self.log.read_text(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    def bound_log(self) -> None:
        """Begin the log anew once it is long; what it was is beside it, once."""
        with suppress(FileNotFoundError):
            if self.log.stat().st_size > LOG_BYTES:
                before = self.log.with_suffix(".log.1")
                before.write_bytes(self.log.read_bytes())
                os.truncate(self.log, 0)
