"""How a running fleet is told what to do: a unix socket, one JSON line in, JSON lines out."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

PATIENCE = 0.5
"""Seconds that whoever connected has to say what is wanted, and to take an answer."""
LONGEST_REQUEST = 10_000


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """``verb`` is scale, restart or down; ``role`` "" is all of them."""

    verb: str
    role: str = ""
    count: int = 0


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of progress; the last one is ``done`` or ``failed`` instead."""

    progress: str = ""
    done: str = ""
    failed: str = ""


class Caller:
    """Whoever asked. If nobody listens any more, nothing is said, and all goes on."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection: socket.socket | None = connection

    def say(self, said: Said) -> None:
        if self._connection is not None:
            try:
                self._connection.sendall(msgspec.json.encode(said) + b"\n")
            except OSError:
                self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Door:
    """Where requests come in; its owner's alone."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._socket.bind(str(path))
        finally:
            os.umask(before)
        self._socket.listen()
        self._socket.setblocking(False)

    def fileno(self) -> int:
        return self._socket.fileno()

    def take(self) -> tuple[Request, Caller] | None:
        """The next request, if there is one that can be understood."""
        try:
            connection, _ = self._socket.accept()
        except BlockingIOError:
            return None
        connection.settimeout(PATIENCE)
        caller = Caller(connection)
        try:
            with connection.makefile("rb") as lines:
                return msgspec.json.decode(lines.readline(LONGEST_REQUEST), type=Request), caller
        except (OSError, msgspec.MsgspecError) as error:
            caller.say(Said(failed=f"That is no request: {error}."))
            caller.close()
            return None

    def close(self) -> None:
        self._socket.close()
        with suppress(FileNotFoundError):
            self.path.unlink()


def told(path: str, request: Request) -> Iterator[Said]:
    """Everything that the fleet says to the request. Raises ``OSError`` if it cannot be told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        connection.sendall(msgspec.json.encode(request) + b"\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                yield msgspec.json.decode(line, type=Said)
