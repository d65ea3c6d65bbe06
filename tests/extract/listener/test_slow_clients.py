"""Clients that send or take slowly, or not at all: they keep no thread, and end in time."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.extract.listener.echo import MUCH
from tests.fleets import ROOT, wait_until
from tests.ports import free_port

HALF_HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
HALF_BODY = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"
HALF_CHUNK = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"
PIPELINED = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + HALF_HEAD
LAST = b"GET / HTTP/1.0\r\n\r\n"
PLACES = 40
"""What ``impatient`` says; there are two threads."""


class Listener:
    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.log = log
        env = {
            **os.environ,
            "PORT": str(self.port),
            "DATA_DIR": str(log.parent),
            "DJANGO_SETTINGS_MODULE": "shop.settings",
        }
        config = f"python:{__package__}.impatient"
        application = f"{__package__}.echo:application"
        with log.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", config, application],
                cwd=ROOT, env=env, stdout=said, stderr=said, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def open(self, sent: bytes = b"") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(sent)
        return connection

    def ask(self, body: bytes = b"") -> str:
        """Patient enough for a busy machine, but not for a thread that waits for others."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/", body, {"Connection": "close"})
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """For the block its worker notices nothing; then everything at once."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        worker = int(children.read_text())
        os.kill(worker, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(worker, signal.SIGCONT)

    def said(self) -> str:
        return self.log.read_text()

    def is_there(self) -> bool:
        with suppress(OSError):
            return self.ask() == "0"
        return False


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    listener = Listener(tmp_path_factory.mktemp("listener") / "log")
    try:
        wait_until(listener.is_there, 30)
        yield listener
    finally:
        listener.process.terminate()
        listener.process.wait(20)
    assert "Traceback" not in listener.said()


@pytest.fixture
def opened(listener: Listener) -> Iterator[Callable[[bytes, int], list[socket.socket]]]:
    """``opened(sent, 8)``: so many connections on which that was sent, until the test is over."""
    with ExitStack() as stack:

        def open_all(sent: bytes, count: int) -> list[socket.socket]:
            return [stack.enter_context(listener.open(sent)) for _ in range(count)]

        yield open_all


Opened = Callable[[bytes, int], list[socket.socket]]


def answer_on(connection: socket.socket) -> bytes:
    """All that comes until the other end closes."""
    with suppress(ConnectionResetError), connection.makefile("rb") as lines:
        return lines.read()
    return b""


@pytest.mark.parametrize("sent", [b"", HALF_HEAD, HALF_BODY, HALF_CHUNK, PIPELINED, LAST])
def test_others_are_served_meanwhile(listener: Listener, opened: Opened, sent: bytes) -> None:
    opened(sent, PLACES // 2)
    assert listener.ask(b"{}") == "2"


@pytest.mark.parametrize("sent", [b"", HALF_HEAD, HALF_BODY, b"\r", LAST])
def test_one_address_cannot_take_all_places(
    listener: Listener, opened: Opened, sent: bytes
) -> None:
    opened(sent, 3 * PLACES)
    assert listener.ask(b"{}") == "2"


def test_room_is_made_among_clients_that_are_busy(listener: Listener, opened: Opened) -> None:
    """Whoever loses a place may have sent something that is noticed in the same moment."""
    asked = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    kept = opened(asked, PLACES - 1)
    assert all(connection.recv(9) == b"HTTP/1.1 " for connection in kept)
    with listener.stopped():
        opened(HALF_HEAD, 2)
        for connection in kept:
            connection.sendall(asked)
    assert listener.ask(b"{}") == "2"
    assert listener.said().count("Booting worker") == 1, "it fell over, and was replaced"


def test_silence_is_not_answered(opened: Opened) -> None:
    (silent,) = opened(b"", 1)
    assert answer_on(silent) == b""


@pytest.mark.parametrize("sent", [HALF_HEAD, HALF_BODY, HALF_CHUNK])
def test_half_a_request_is_a_408(opened: Opened, sent: bytes) -> None:
    (half,) = opened(sent, 1)
    assert answer_on(half).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


@pytest.mark.parametrize("sent", [HALF_HEAD, HALF_BODY.replace(b"9", b"900")])
def test_a_deadline_is_not_moved_by_a_trickle(opened: Opened, sent: bytes) -> None:
    """Of headers not at all, of a body by no more than its bytes are worth."""
    (trickling,) = opened(sent, 1)
    trickling.settimeout(0.15)
    for _ in range(60):
        with suppress(TimeoutError):
            assert trickling.recv(100).startswith(b"HTTP/1.1 408 ")
            return
        trickling.sendall(b"a")
    pytest.fail("It was waited for as long as something came.")


def test_a_slow_upload_is_taken(opened: Opened) -> None:
    """It takes longer than a body may, but comes faster than the slowest that is borne."""
    (slow,) = opened(b"POST / HTTP/1.0\r\nContent-Length: 60\r\n\r\n", 1)
    for _ in range(30):
        time.sleep(0.05)
        slow.sendall(b"{}")
    answered = answer_on(slow)
    assert answered.startswith(b"HTTP/1.0 200 ")
    assert answered.endswith(b"60")


def test_who_takes_nothing_of_an_answer_loses_it(listener: Listener, opened: Opened) -> None:
    takers = opened(b"GET /much HTTP/1.0\r\n\r\n", 4)
    assert listener.ask(b"{}") == "2"
    assert all(len(answer_on(taker)) < MUCH for taker in takers)


def test_a_chunk_of_any_size_is_refused_before_it_comes(opened: Opened) -> None:
    (huge,) = opened(HALF_CHUNK.replace(b"\r\n9\r\n", b"\r\nfffffffffffffffff\r\n"), 1)
    assert answer_on(huge).startswith(b"HTTP/1.1 413 ")


def test_who_waits_for_a_100_gets_it(opened: Opened) -> None:
    (waiting,) = opened(
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
        1,
    )
    lines = waiting.makefile("rb")
    assert lines.readline() == b"HTTP/1.1 100 Continue\r\n"
    waiting.sendall(b"{}")
    told = lines.read()
    assert told.startswith(b"\r\nHTTP/1.1 200 OK\r\n")
    assert told.endswith(b"\r\n\r\n2")


def test_requests_sent_ahead_are_answered_in_order(opened: Opened) -> None:
    ahead = [b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (n, b"a" * n) for n in range(8)]
    (keen,) = opened(b"".join(ahead) + LAST, 1)
    answers = answer_on(keen).split(b"HTTP/1.")[1:]
    said = [answer.rpartition(b"\r\n")[2] for answer in answers]
    assert said == [*(b"%d" % n for n in range(8)), b"0"]


def test_a_client_that_goes_in_the_middle_leaves_nothing(listener: Listener) -> None:
    for sent in (b"", HALF_HEAD, HALF_BODY, PIPELINED):
        for _ in range(PLACES):
            listener.open(sent).close()
    assert listener.ask(b"{}") == "2"
    assert "Traceback" not in listener.said()
