"""The port of a worker, where instances and orchestrators ask whether it is there."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from extract.queue import attendance
from extract.queue.attendance import open_door

HALF_HEAD = b"GET /health/live/ HTTP/1.1\r\nHost: a\r\n"


@pytest.fixture
def port() -> int:
    return int(open_door("127.0.0.1:0", lambda: True).rpartition(":")[2])


@pytest.fixture
def opened(port: int) -> Iterator[Callable[[bytes], socket.socket]]:
    with ExitStack() as stack:

        def open_one(sent: bytes) -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", port), timeout=20)
            stack.enter_context(connection).sendall(sent)
            return connection

        yield open_one


def status_of(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def test_it_says_that_it_works(port: int) -> None:
    asked = {path: status_of(port, path) for path in ("/health/live/", "/health/ready/", "/")}
    assert asked == {"/health/live/": 200, "/health/ready/": 200, "/": 404}


@pytest.mark.parametrize("sent", [b"", HALF_HEAD])
def test_the_silent_get_neither_threads_nor_the_door(
    port: int, opened: Callable[[bytes], socket.socket], sent: bytes
) -> None:
    before = threading.active_count()
    for _ in range(300):
        opened(sent)
    assert status_of(port, "/health/live/") == 200
    assert threading.active_count() < before + 2 * attendance._Server.MOST


def test_half_a_request_ends_in_time_whatever_trickles_in(
    opened: Callable[[bytes], socket.socket], monkeypatch: Any
) -> None:
    monkeypatch.setattr(attendance._Server, "SECONDS", 0.5)
    half = opened(HALF_HEAD)
    half.settimeout(0.1)
    for _ in range(100):
        try:
            assert half.recv(100) == b""
            return
        except TimeoutError:
            half.sendall(b"a")
    pytest.fail("It was waited for as long as something came.")
