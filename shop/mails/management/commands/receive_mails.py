"""``manage.py receive_mails``: a mail server for the programs that run beside the shop."""

from __future__ import annotations

import os
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from shop.mails.receiving import receive

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = (
        "Take mails by SMTP from programs on this machine and keep them where the shop keeps its "
        "own, to be read at /mails/."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port", type=int, default=1025, help="of the loopback (default: 1025)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED_MAIL:
            raise CommandError(
                "EMAIL_URL names a mail server, so the shop keeps no mails; let the programs "
                "beside it send by that server, too."
            )
        port = options["port"]
        with _door(port) as door:
            receive(
                door, lambda: self._say(f"Mails sent to {HOST}:{port} are kept; Ctrl-C ends it.")
            )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _door(port: int) -> socket.socket:
    if not 0 < port < 65536:
        raise CommandError(f"--port is {port}; it must be from 1 to 65535.")
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise CommandError(
            f"Port {port} cannot be used ({os.strerror(error.errno or 0)}); stop what listens "
            f"there, or choose another one: --port {port % 65535 + 1}"
        ) from error
