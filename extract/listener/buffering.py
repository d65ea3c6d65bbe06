"""gunicorn's threaded worker, but no thread waits for a client: whole requests get one.

One loop takes in what comes on all connections. Half a request costs a place among
``worker_connections`` and has a deadline; when all places are taken, whoever holds most of them
loses the one that has waited longest. So it takes many addresses to keep others out.
"""

from __future__ import annotations

import errno
import resource
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn import util
from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from extract.listener import deadlines
from extract.listener.incoming import Incoming, Refused
from extract.listener.refusal import refusal, status_of

POLL_EVERY = 0.5
LARGEST_BODY = 20 * 1024 * 1024
"""Bytes, unless the settings name ``UPLOAD_MAX_SIZE``."""
HELD = 256 * 1024 * 1024
"""Bytes of unfinished requests that are kept at a time, mostly in temporary files."""
FILES = 65536
FILES_BESIDES = 400
"""Files that are no connections: databases, above all."""

_NO_MORE_FILES = (errno.EMFILE, errno.ENFILE)


class Connection(TConn):  # type: ignore[misc]
    """A client's connection. ``since`` is when it was last waited for, ``ends_at`` when what is
    awaited must have come."""

    def __init__(
        self, worker: BufferingWorker, sock: socket.socket, client: Any, server: Any
    ) -> None:
        super().__init__(worker.cfg, sock, client, server)
        self.initialized = True  # here no thread prepares it
        self.address = client[0] if isinstance(client, tuple) else ""
        self.incoming: Incoming | None = None
        self.head = b""
        self.since = self.ends_at = 0.0
        self._worker = worker

    def set_timeout(self) -> None:
        """Of a connection that is kept alive."""
        super().set_timeout()
        self.since = time.monotonic()

    def close(self, graceful: bool = False) -> None:
        if graceful:
            self._worker.linger(self)
        else:
            super().close()


class BufferingWorker(ThreadWorker):  # type: ignore[misc]
    """``worker_class``; needs Django's settings only once it serves."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._incoming: dict[Connection, None] = {}
        self._lingering: dict[Connection, None] = {}
        self._held = 0
        self._is_full = False
        self._look_at = 0.0
        self._served = threading.local()

    def init_process(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
        places = self.cfg.worker_connections
        self.worker_connections = max(1, min(places, files - FILES_BESIDES))
        super().init_process()

    # In the loop's thread.

    def accept(self, listener: socket.socket) -> bool:
        """Take in one connection; False if nobody waited."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in _NO_MORE_FILES:
                self._is_full = True
                return False
            if error.errno in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED):
                return False
            raise
        self.nr_conns += 1
        self.enqueue_req(Connection(self, sock, client, listener.getsockname()))
        self._is_full = self.nr_conns >= self.worker_connections
        return True

    def enqueue_req(self, conn: Connection) -> None:
        """Take in a request; once it is whole, a thread has it."""
        early = conn.parser.unreader.take_buffered() if conn.parser else b""
        conn.sock.setblocking(False)
        conn.incoming = Incoming(_largest_body())
        conn.since = time.monotonic()
        conn.ends_at = conn.since + deadlines.HEAD_SECONDS
        self._incoming[conn] = None
        if early:
            self._take(conn, early)
        else:
            self._receive(conn)
        if conn in self._incoming:
            self._on_readable(conn, self._receive)

    def murder_pending(self) -> None:
        """End what is overdue, and make room. Called after each round of events, none of which
        may be of a connection that is gone."""
        if self._is_full and self.alive:
            self._is_full = False
            self._make_room()
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + POLL_EVERY
        for conn in [each for each in self._incoming if self._is_overdue(each, now)]:
            self._refuse(conn, HTTPStatus.REQUEST_TIMEOUT)
        for conn in [each for each in self._lingering if each.ends_at < now]:
            self._end(conn)

    def linger(self, conn: Connection) -> None:
        """Close it once the client has, or at the latest after ``LINGER``."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            conn.close()
            return
        self.nr_conns += 1
        conn.since = time.monotonic()
        conn.ends_at = conn.since + deadlines.LINGER
        self._lingering[conn] = None
        self._on_readable(conn, self._drain)

    def _receive(self, conn: Connection, sock: Any = None) -> None:
        if conn not in self._incoming:
            return  # refused in this very round of events
        try:
            data = conn.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._take(conn, data)
        else:
            self._end(conn)

    def _take(self, conn: Connection, data: bytes) -> None:
        incoming = conn.incoming
        assert incoming is not None, "only what is awaited comes"
        had_head = incoming.has_head
        self._held += len(data)
        try:
            incoming.take(data)
        except Refused as error:
            self._refuse(conn, error.status)
            return
        if incoming.is_whole:
            self._let_go(conn)
            self._hand_over(conn, incoming)
        elif self._held > HELD:
            largest = max(self._incoming, key=_size)
            self._refuse(largest, HTTPStatus.SERVICE_UNAVAILABLE)
        elif incoming.has_head and not had_head:
            conn.ends_at = time.monotonic() + deadlines.BODY_SECONDS
            if incoming.expects_continue():
                self._send(conn, b"HTTP/1.1 100 Continue\r\n\r\n")

    def _hand_over(self, conn: Connection, incoming: Incoming) -> None:
        conn.incoming, conn.head = incoming, bytes(incoming.head)
        conn.parser = RequestParser(self.cfg, incoming.parts(), conn.client)
        super().enqueue_req(conn)

    def _is_overdue(self, conn: Connection, now: float) -> bool:
        incoming = conn.incoming
        assert incoming is not None
        if not incoming.size and not self.alive:
            return bool(conn.ends_at - deadlines.HEAD_SECONDS + STOP_KEEPALIVE_LINGER < now)
        body = incoming.size - len(incoming.head) if incoming.has_head else 0
        return bool(conn.ends_at + body / deadlines.SLOWEST < now)

    def _refuse(self, conn: Connection, status: HTTPStatus) -> None:
        """Answer why a request is not taken; silence is not answered."""
        incoming = conn.incoming
        assert incoming is not None
        if not incoming.size:
            self._end(conn)
            return
        self._let_go(conn)
        incoming.forget()
        self._answer(conn, bytes(incoming.head), status)
        self.nr_conns -= 1
        self.linger(conn)

    def _make_room(self) -> None:
        """End the connection that has waited longest, of the address that has most of them."""
        waiting = [*self._lingering, *self._incoming, *self.keepalived_conns]
        if waiting:
            ((address, _),) = Counter(each.address for each in waiting).most_common(1)
            theirs = (each for each in waiting if each.address == address)
            self._end(min(theirs, key=lambda each: each.since))

    def _end(self, conn: Connection) -> None:
        """Close it, whatever it waits for."""
        if conn in self._incoming:
            self._let_go(conn)
            if conn.incoming is not None:
                conn.incoming.forget()
        elif conn in self._lingering:
            del self._lingering[conn]
            self.poller.unregister(conn.sock)
        else:
            self.keepalived_conns.remove(conn)
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def _let_go(self, conn: Connection) -> None:
        """It is awaited no longer."""
        del self._incoming[conn]
        if conn.incoming is not None:
            self._held -= conn.incoming.size
        if conn.sock in self.poller.get_map():
            self.poller.unregister(conn.sock)

    def _drain(self, conn: Connection, sock: Any = None) -> None:
        try:
            if conn.sock.recv(65536):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._end(conn)

    def _on_readable(self, conn: Connection, react: Callable[..., None]) -> None:
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(react, conn))

    # In a thread.

    def handle(self, conn: Connection) -> Any:
        incoming = conn.incoming
        assert incoming is not None
        self._served.conn = conn
        try:
            is_kept = super().handle(conn)
        finally:
            incoming.forget()
            self._served.conn = None
        if is_kept and incoming.rest:
            conn.parser.unreader.unread(incoming.rest)
        return is_kept

    def handle_request(self, req: Any, conn: Connection) -> bool:
        conn.sock.settimeout(deadlines.SEND_SECONDS)
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError:
            raise StopIteration("The client takes nothing of its answer.") from None

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        conn = self._served.conn
        status = status_of(exc)
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.exception("Error handling a request")
        self._answer(conn, conn.head, status, str(exc))

    # In either.

    def _answer(self, conn: Connection, head: bytes, status: HTTPStatus, why: str = "") -> None:
        correlation_id, answer = refusal(status, head)
        self.log.warning(
            "Refused a request of %s: %d %s (%s) %s",
            conn.address, status.value, status.phrase, correlation_id, why[:200],
        )  # fmt: skip
        self._send(conn, answer)

    def _send(self, conn: Connection, data: bytes) -> None:
        """What is short enough to be taken at once; if it is not, nobody listens."""
        try:
            util.write_nonblock(conn.sock, data)
        except OSError:
            self.log.debug("Nobody took an answer.")


def _size(conn: Connection) -> int:
    return conn.incoming.size if conn.incoming else 0


def _largest_body() -> int:
    from django.conf import settings

    return int(getattr(settings, "UPLOAD_MAX_SIZE", LARGEST_BODY))
