"""Requests byte by byte, as no client library would send them, and what every problem must be."""

from __future__ import annotations

import base64
import http.client
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.scenarios.shop import Answer

SECONDS = 60.0
GIVEN_AWAY = (b"Traceback", b"/work", b"site-packages", b".py", b"SELECT ", b"SECRET")


@dataclass(frozen=True, kw_only=True)
class RawAnswer(Answer):
    """An answer with its header lines as they came, as some come more than once."""

    lines: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        return [value for line, value in self.lines if line.lower() == name]


class Wire:
    """A served shop, spoken to in raw bytes over a new connection each time."""

    def __init__(self, base_url: str) -> None:
        where = urlsplit(base_url)
        self.base_url = base_url
        self.address = (where.hostname or "", where.port or 80)
        self.host = f"{where.hostname}:{where.port}".encode()

    def send(
        self,
        request_line: bytes,
        *headers: bytes,
        body: bytes = b"",
        host: bytes | None = None,
    ) -> RawAnswer:
        """The answer to ``request_line`` with ``headers`` and ``body`` as they are.

        ``Host`` and ``Connection: close`` are added; ``host=b""`` leaves the former out.
        """
        named = self.host if host is None else host
        added = [b"Host: " + named] if named else []
        head = b"\r\n".join([request_line, *headers, *added, b"Connection: close"])
        with socket.create_connection(self.address, timeout=SECONDS) as connection:
            connection.sendall(head + b"\r\n\r\n" + body)
            method = request_line.partition(b" ")[0].decode("latin-1")
            answered = http.client.HTTPResponse(connection, method=method)
            answered.begin()
            content = answered.read()
        found = {name.lower(): value for name, value in answered.headers.items()}
        lines = tuple(answered.headers.items())
        return RawAnswer(status=answered.status, headers=found, body=content, lines=lines)


def basic(email: str, password: str) -> bytes:
    return b"Authorization: Basic " + base64.b64encode(f"{email}:{password}".encode())


def assert_problem(answer: Answer, status: int, slug: str = "") -> None:
    """It is a problem as RFC 9457 has it, of a declared type, and gives nothing away."""
    import shop.urls  # noqa: F401  (every view, and with them every kind of problem)
    from extract.edge.problem import declared_problems

    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json
    assert told["status"] == status
    assert told["title"]
    assert answer.problem in {kind.type for kind in declared_problems()}
    if slug:
        assert answer.problem == slug
    assert answer.headers["x-request-id"]
    for secret in GIVEN_AWAY:
        assert secret not in answer.body
