"""Kept-alive connections to other processes, and what is known when one fails."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
import weakref

from extract.call.remote.answer import BadAnswer, read_answer
from extract.registry.confirm import split_address

IDLE_SECONDS = 4.0
"""An idle connection older than this is not used again: servers keep theirs longer."""
IDLE_MOST = 16
"""Idle connections kept for each address."""
LONGEST_WAIT = 86_400.0
READ_AT_ONCE = 64 * 1024
CONNECT_SECONDS = 1.0
"""Longest wait for a connection: a machine that is gone refuses nothing."""


class Unreached(Exception):
    """Not a byte of the request was sent. ``refused``: nobody listens at the address."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


class Lost(Exception):
    """Some of the request was sent, and no whole answer came.

    ``late``: the time was up; ``reused``: it went out on a connection that had been idle, so
    that the other side may have closed it before it read anything.
    """

    def __init__(self, reason: str, *, late: bool = False, reused: bool = False) -> None:
        super().__init__(reason)
        self.late = late
        self.reused = reused


class _Connection:
    __slots__ = ("_poll", "idle_since", "reused", "socket")

    def __init__(self, address: str, seconds: float) -> None:
        self.socket = socket.create_connection(split_address(address), seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._poll = select.poll()
        self._poll.register(self.socket, select.POLLIN)
        self.reused = False
        self.idle_since = 0.0

    def is_stale(self, now: float) -> bool:
        """Whether it is too old, or the other side closed it (or said what nobody asked)."""
        return now - self.idle_since > IDLE_SECONDS or bool(self._poll.poll(0))

    def receive(self, ends_at: float) -> bytes:
        """What comes next, which is something. Raises ``OSError``."""
        self.socket.settimeout(_positive(ends_at))
        if received := self.socket.recv(READ_AT_ONCE):
            return received
        raise ConnectionError("the other side closed it")


class Pool:
    """Thread-safe; a forked child begins with none of its parent's connections."""

    def __init__(self) -> None:
        self._idle: dict[str, list[_Connection]] = {}
        self._lock = threading.Lock()
        self._sweep_at = 0.0
        _pools.add(self)

    def exchange(self, address: str, request: bytes, seconds: float) -> tuple[int, bytes]:
        """Send a whole request to ``host:port``: status and body of the answer.

        Raises ``Unreached`` or ``Lost``.
        """
        ends_at = time.monotonic() + seconds
        connection = self._written(address, request, ends_at)
        try:
            answer, may_be_kept = read_answer(connection.receive, ends_at)
        except (OSError, BadAnswer) as error:
            connection.socket.close()
            if isinstance(error, TimeoutError):
                raise Lost("its deadline passed before the answer came", late=True) from error
            raise Lost(
                f"the connection broke before the answer came ({_told(error)})",
                reused=connection.reused,
            ) from error
        except BaseException:
            connection.socket.close()
            raise
        if may_be_kept:
            self._keep(address, connection)
        else:
            connection.socket.close()
        return answer

    def idle(self) -> int:
        """How many connections are kept."""
        with self._lock:
            return sum(map(len, self._idle.values()))

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection in connections:
                connection.socket.close()

    def _written(self, address: str, request: bytes, ends_at: float) -> _Connection:
        """The connection on which the request was sent.

        As long as a connection takes not a single byte, the next one may be tried.
        """
        while True:
            connection = self._idle_one(address) or _connect(address, _positive(ends_at))
            sent = 0
            try:
                connection.socket.settimeout(_positive(ends_at))
                sent = connection.socket.send(request)
                if sent < len(request):
                    connection.socket.sendall(memoryview(request)[sent:])
                return connection
            except OSError as error:
                connection.socket.close()
                if sent:
                    late = isinstance(error, TimeoutError)
                    raise Lost(
                        f"the connection broke while it was sent ({_told(error)})", late=late
                    ) from error
                if not connection.reused:
                    raise Unreached(f"{address} takes nothing ({_told(error)})") from error

    def _idle_one(self, address: str) -> _Connection | None:
        """The one used last: the others may then grow too old."""
        while True:
            with self._lock:
                idle = self._idle.get(address)
                connection = idle.pop() if idle else None
            if connection is None:
                return None
            if not connection.is_stale(time.monotonic()):
                return connection
            connection.socket.close()

    def _keep(self, address: str, connection: _Connection) -> None:
        now = connection.idle_since = time.monotonic()
        connection.reused = True
        old: list[_Connection] = []
        with self._lock:
            self._idle.setdefault(address, []).append(connection)
            if now >= self._sweep_at:
                self._sweep_at = now + 1
                old = self._swept(now)
            elif len(self._idle[address]) > IDLE_MOST:
                old = [self._idle[address].pop(0)]
        for each in old:
            each.socket.close()

    def _swept(self, now: float) -> list[_Connection]:
        """Take out all that are too old, of addresses that nobody calls any more too."""
        old = []
        for address, idle in list(self._idle.items()):
            fresh = [each for each in idle if now - each.idle_since <= IDLE_SECONDS]
            old += idle[: len(idle) - len(fresh)]  # they lie in the order of their age
            if fresh:
                self._idle[address] = fresh
            else:
                del self._idle[address]
        return old

    def _forget(self) -> None:
        self._idle = {}
        self._lock = threading.Lock()


def _connect(address: str, seconds: float) -> _Connection:
    try:
        return _Connection(address, min(seconds, CONNECT_SECONDS))
    except ConnectionRefusedError as error:
        raise Unreached(f"nobody listens at {address}", refused=True) from error
    except OSError as error:
        raise Unreached(f"no connection to {address} ({_told(error)})") from error


def _positive(ends_at: float) -> float:
    """Seconds until then, as a socket takes them: 0 means "do not wait at all" to it, and it
    cannot count to infinity."""
    return min(max(0.001, ends_at - time.monotonic()), LONGEST_WAIT)


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


def _after_fork() -> None:
    # Two processes on one connection would read each other's answers. Closing the child's
    # copies, when they are collected, does not disturb the parent's.
    for pool in list(_pools):
        pool._forget()


os.register_at_fork(after_in_child=_after_fork)
