"""``manage.py receive_mails`` as a process, and senders to it."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import sys
from pathlib import Path

from tests.fleets import ROOT, wait_until
from tests.ports import free_port

SENDER, READER = "accounts@example.com", "zoe@example.com"


class Receiver:
    """It is started and waited for; ``mails`` is where it keeps what it takes."""

    def __init__(self, data_dir: Path) -> None:
        self.port = free_port()
        self.mails = data_dir / "mails"
        self.log = data_dir / "receiver.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "receive_mails", f"--port={self.port}"],
                cwd=ROOT, env={**os.environ, "DATA_DIR": str(data_dir), "EMAIL_URL": ""},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_until(lambda: "are kept" in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        return self.log.read_text()

    def connect(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname="localhost", timeout=10)

    def take(self, content: bytes) -> tuple[int, bytes]:
        """Its answer to a message of these bytes."""
        with self.connect() as smtp:
            smtp.ehlo()
            smtp.mail(SENDER)
            smtp.rcpt(READER)
            return smtp.data(content)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(20)
