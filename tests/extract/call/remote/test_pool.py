"""Connections that are kept, and answers read off them byte by byte."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.call.remote import pool as pooling
from extract.call.remote.answer import BadAnswer, read_answer
from extract.call.remote.pool import Lost, Pool, Unreached
from tests.extract.call.remote.scene import eventually
from tests.ports import free_port

REQUEST = b"POST / HTTP/1.1\r\n\r\n"
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Listener:
    """Answers each request with ``answers`` in turn, piece by piece; None closes instead."""

    def __init__(self) -> None:
        self.answers: list[tuple[bytes, ...] | None] = []
        self.connections: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):  # the caller may have lost its patience
            while connection.recv(65536):
                pieces = self.answers.pop(0) if self.answers else (FINE,)
                if pieces is None:
                    break
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(0.02)

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


def test_a_connection_is_used_again(listener: Listener, pool: Pool) -> None:
    for _ in range(5):
        assert pool.exchange(listener.address, REQUEST, 5) == (200, b"hi")
    assert len(listener.connections) == 1


def test_not_one_that_the_other_side_closed(listener: Listener, pool: Pool) -> None:
    pool.exchange(listener.address, REQUEST, 5)
    listener.connections[0].shutdown(socket.SHUT_RDWR)
    assert pool.exchange(listener.address, REQUEST, 5) == (200, b"hi")
    assert len(listener.connections) == 2


def test_not_one_that_was_idle_for_long(
    listener: Listener, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.exchange(listener.address, REQUEST, 5)
    monkeypatch.setattr(pooling, "IDLE_SECONDS", 0.0)
    pool.exchange(listener.address, REQUEST, 5)
    assert len(listener.connections) == 2


def test_not_one_whose_answer_was_longer_than_it_said(listener: Listener, pool: Pool) -> None:
    """The rest would be taken for the next answer."""
    listener.answers = [(FINE + b"!",)]
    assert pool.exchange(listener.address, REQUEST, 5) == (200, b"hi")
    assert pool.exchange(listener.address, REQUEST, 5) == (200, b"hi")
    assert len(listener.connections) == 2


def test_not_one_that_is_announced_to_close(listener: Listener, pool: Pool) -> None:
    listener.answers = [(FINE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),)]
    for _ in range(2):
        pool.exchange(listener.address, REQUEST, 5)
    assert len(listener.connections) == 2


def test_a_forked_child_has_none(listener: Listener, pool: Pool) -> None:
    pool.exchange(listener.address, REQUEST, 5)
    child = os.fork()
    if child == 0:
        os._exit(0 if pool.exchange(listener.address, REQUEST, 5) == (200, b"hi") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(listener.connections) == 2
    assert pool.exchange(listener.address, REQUEST, 5) == (200, b"hi")
    assert len(listener.connections) == 2


def test_few_are_kept(
    listener: Listener, pool: Pool, together: Callable[..., list[object]]
) -> None:
    listener.answers = [(FINE[:5], FINE[5:])] * 40
    assert set(together(lambda n: pool.exchange(listener.address, REQUEST, 9), 40)) == {
        (200, b"hi")
    }
    assert len(pool._idle[listener.address]) <= pooling.IDLE_MOST


def test_those_to_addresses_that_are_gone_are_closed(
    listener: Listener, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.exchange(listener.address, REQUEST, 5)
    monkeypatch.setattr(pooling, "IDLE_SECONDS", 0.0)
    other = Listener()
    pool._sweep_at = 0.0
    pool.exchange(other.address, REQUEST, 5)
    assert listener.address not in pool._idle
    eventually(lambda: listener.connections[0].fileno() == -1)
    other.close()


def test_where_nobody_listens_nothing_was_sent(pool: Pool) -> None:
    with pytest.raises(Unreached, match="nobody listens") as caught:
        pool.exchange(f"127.0.0.1:{free_port()}", REQUEST, 5)
    assert caught.value.refused


@pytest.mark.parametrize(
    "address", ["127.0.0.1:x", "nowhere", "127.0.0.1:99999", "nohost.invalid:80"]
)
def test_an_address_that_is_none_is_not_refused(pool: Pool, address: str) -> None:
    with pytest.raises(Unreached) as caught:
        pool.exchange(address, REQUEST, 5)
    assert not caught.value.refused


@pytest.mark.parametrize("reused", [False, True])
def test_a_connection_that_breaks_loses_the_answer(
    listener: Listener, pool: Pool, reused: bool
) -> None:
    if reused:
        pool.exchange(listener.address, REQUEST, 5)
    listener.answers = [None]
    with pytest.raises(Lost) as caught:
        pool.exchange(listener.address, REQUEST, 5)
    assert (caught.value.late, caught.value.reused) == (False, reused)


def test_half_an_answer_is_none(listener: Listener, pool: Pool) -> None:
    listener.answers = [(FINE[:-1],), None]
    threading.Timer(0.2, lambda: listener.connections[0].shutdown(socket.SHUT_RDWR)).start()
    with pytest.raises(Lost, match="closed"):
        pool.exchange(listener.address, REQUEST, 5)


def test_all_of_it_must_come_in_time(listener: Listener, pool: Pool) -> None:
    """Also where each piece comes soon after the one before."""
    listener.answers = [tuple(FINE[i : i + 1] for i in range(len(FINE)))]
    began = time.monotonic()
    with pytest.raises(Lost, match="deadline") as caught:
        pool.exchange(listener.address, REQUEST, 0.2)
    assert caught.value.late
    assert time.monotonic() - began < 0.75


# Reading


def reading(raw: bytes, sizes: list[int]) -> Callable[[float], bytes]:
    pieces: list[bytes] = []
    for size in sizes:
        pieces.append(raw[:size])
        raw = raw[size:]
    rest = iter([piece for piece in [*pieces, raw] if piece])

    def receive(ends_at: float) -> bytes:
        try:
            return next(rest)
        except StopIteration:
            raise ConnectionError("it ended") from None

    return receive


@given(
    body=st.binary(max_size=200),
    status=st.integers(200, 599),
    sizes=st.lists(st.integers(1, 50), max_size=10),
    name=st.sampled_from(["Content-Length", "content-length", "CONTENT-LENGTH"]),
    close=st.booleans(),
)
def test_an_answer_is_the_same_however_it_comes(
    body: bytes, status: int, sizes: list[int], name: str, close: bool
) -> None:
    kept = "close" if close else "keep-alive"
    head = f"HTTP/1.1 {status} Said\r\nServer: x\r\nConnection: {kept}\r\n{name}: {len(body)}"
    raw = head.encode() + b"\r\nDate: today\r\n\r\n" + body
    assert read_answer(reading(raw, sizes), 0.0) == ((status, body), not close)


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nhi",
        b"HTTP/1.1 100 Continue\r\n\r\n" + FINE,
        b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    ],
    ids=lambda raw: raw[:60].decode(),
)
def test_what_no_instance_would_say_is_no_answer(raw: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_answer(reading(raw, []), 0.0)


@given(st.binary(max_size=300))
def test_nothing_breaks_it(raw: bytes) -> None:
    with pytest.raises((BadAnswer, ConnectionError)):
        read_answer(reading(raw, [7, 7]), 0.0)
