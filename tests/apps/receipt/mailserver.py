"""A mail server of the test's own: speaks enough SMTP to take mails, or to refuse them."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import LazySettings


class MailServer(socketserver.ThreadingTCPServer):
    """``answers`` replace what is said to a command (``{"RCPT": "550 nobody here"}``), or to one
    that begins so (``{"RCPT TO:<ADA@EXAMPLE.COM>": "451 not now"}``).

    ``refuse_first`` are recipients with how often each is refused before it is taken.
    ``taken`` are the mails it said yes to, as bytes; for each it takes ``pause`` seconds.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.answers: dict[str, str] = {}
        self.refuse_first: dict[str, int] = {}
        self.taken: list[bytes] = []
        self.pause = 0.0


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 ready")
        while command := self.rfile.readline().decode().strip():
            verb = command[:4].upper()
            if verb == "DATA":
                self._say("354 go on")
                content = b"".join(iter(self.rfile.readline, b".\r\n"))
                time.sleep(self.server.pause)
                answer = self._answer(verb, "250 taken")
                if answer.startswith("2"):
                    self.server.taken.append(content)
                self._say(answer)
            else:
                self._say(self._answer(command.upper(), "250 yes"))
            if verb == "QUIT":
                return

    def _answer(self, command: str, usual: str) -> str:
        for recipient, left in self.server.refuse_first.items():
            if left and command.startswith(f"RCPT TO:<{recipient.upper()}>"):
                self.server.refuse_first[recipient] = left - 1
                return "451 not now"
        answers = self.server.answers.items()
        return next((said for start, said in answers if command.startswith(start)), usual)

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


@contextmanager
def mail_server(settings: LazySettings) -> Iterator[MailServer]:
    """A running server that the shop sends its mails to."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address[:2]
        yield server
        server.shutdown()
