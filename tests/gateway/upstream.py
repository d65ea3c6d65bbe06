"""The double of an instance: a threaded HTTP/1.1 server on raw sockets that notes what it gets."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]

    def all(self, name: str) -> list[str]:
        """Each value of the header, in whatever case it came."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name: str) -> str | None:
        values = self.all(name)
        assert len(values) < 2, f"{name} came {len(values)} times"
        return values[0] if values else None


@dataclass(frozen=True)
class Reply:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"fine"


DIE = None
"""Instead of a reply: the connection ends."""

Behaviour = Callable[[Received], Reply | None]


class Upstream:
    """Listens on a port of its own until ``stop``, after which it refuses; ``start`` anew listens
    on the same port. ``behave`` answers each request or returns ``DIE``.

    What shows no pass does not come from a gateway but from some other test that had this port
    before, and ends unnoted.
    """

    def __init__(
        self, role: str, *, behave: Behaviour = lambda _: Reply(), weight: int = 100
    ) -> None:
        self.role = role
        self.weight = weight
        self.behave = behave
        self.received: list[Received] = []
        self.port = 0
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()

    def start(self) -> Upstream:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return self

    def stop(self) -> None:
        """From now on connections are refused, and kept ones are closed."""
        # Only a shutdown wakes the thread that accepts.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections, self._connections = self._connections, []
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as stream:
            while line := stream.readline():
                headers = []
                while (header := stream.readline().rstrip(b"\r\n")) != b"":
                    name, _, value = header.decode("latin-1").partition(":")
                    headers.append((name, value.strip(" \t")))
                lengths = [int(value) for name, value in headers if name == "Content-Length"]
                body = stream.read(lengths[0]) if lengths else b""
                request = Received(line.decode("latin-1").rstrip(), tuple(headers), body)
                if not request.all("X-Gateway-Pass"):
                    return
                with self._lock:
                    self.received.append(request)
                reply = self.behave(request)
                if reply is None:
                    return
                connection.sendall(_encoded(reply, request))


def _encoded(reply: Reply, request: Received) -> bytes:
    headers = {"Content-Length": str(len(reply.body)), **reply.headers}
    if reply.status in (204, 304):
        del headers["Content-Length"]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {reply.status} Whatever\r\n{lines}\r\n".encode("latin-1")
    return head if request.line.startswith("HEAD ") else head + reply.body
