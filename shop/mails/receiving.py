"""Mails that other programs of this machine send by SMTP, kept as the shop keeps its own."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import socket
from collections.abc import Callable
from email.parser import BytesHeaderParser

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from shop.mails import store

logger = structlog.get_logger(__name__)

LARGEST = 10 * 1024 * 1024
"""Bytes of a message; a larger one is refused (552)."""
PATIENCE = 60.0
"""Seconds that a client may say nothing."""

_ENDS = (signal.SIGTERM, signal.SIGINT)


class Keeper:
    """What aiosmtpd asks for: it keeps each message as it came, be it a mail or not."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        try:
            id = store.keep(_message_id(content), content)
        except OSError as error:
            logger.error("mails.not_kept", error=str(error))
            return "452 4.3.1 The message cannot be kept; try again later"
        logger.info("mails.kept", id=id)
        return f"250 2.0.0 Kept as {id}"

    async def handle_exception(self, error: Exception) -> str:
        logger.warning("mails.command_refused", error=repr(error))
        return "501 5.5.2 The command cannot be understood"


def receive(door: socket.socket, ready: Callable[[], None]) -> None:
    """Take mails at ``door`` until SIGTERM or SIGINT; ``ready`` is called once they are taken."""
    # aiosmtpd would tell of each command; what became of a message has a line of its own.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    asyncio.run(_receive(door, ready))


async def _receive(door: socket.socket, ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in _ENDS:
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(lambda: _session(loop), sock=door)
    ready()
    await ended.wait()
    server.close()


def _session(loop: asyncio.AbstractEventLoop) -> SMTP:
    return SMTP(
        Keeper(), loop=loop, hostname="localhost", ident="keeps mails", timeout=PATIENCE,
        data_size_limit=LARGEST, enable_SMTPUTF8=True,
    )  # fmt: skip


def _message_id(content: bytes) -> str:
    """The message's own, or one that no other has."""
    said = BytesHeaderParser().parsebytes(content)["Message-ID"]
    return str(said or "").strip() or secrets.token_hex()
