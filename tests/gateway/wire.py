"""Clients of the gateway: one that keeps its connection, and one that sends any bytes at all."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["Content-Type"] == "application/problem+json"
        problem: dict[str, Any] = json.loads(self.body)
        return problem


class Client:
    """One kept-alive connection to the gateway."""

    def __init__(self, port: int, *, timeout: float = 15) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *args: object) -> None:
        self.connection.close()

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        """Underscores in ``headers`` stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, named)
        got = self.connection.getresponse()
        return Answer(got.status, got.headers, got.read())


def ask(port: int, path: str, **options: Any) -> Answer:
    """Ask over a connection of its own."""
    with Client(port) as client:
        return client.ask(path, **options)


def raw(port: int, *lines: str, body: bytes = b"") -> Answer:
    """Send these lines and then ``body``; the first answer to them."""
    sent = "\r\n".join((*lines, "", "")).encode("latin-1") + body
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        connection.sendall(sent)
        got = http.client.HTTPResponse(connection)
        got.begin()
        return Answer(got.status, got.headers, got.read())
