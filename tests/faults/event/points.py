"""Every statement that a process makes, to its databases and to its broker, is a point to die at.

They are not listed: they are counted as they come. Moment ``n`` is after ``n`` of them and before
the next: whoever dies in between has said the same to everybody.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from kombu.transport.redis import Channel, QoS

TABLE = re.compile(r'(?:FROM|INTO|UPDATE)\s+"?(\w+)')

PUT, TAKEN, ACKNOWLEDGED = "broker PUT", "broker TAKEN", "broker ACKNOWLEDGED"
"""TAKEN is when the broker notes who has the message, which it gave away just before."""


class Points:
    """What was done in each phase goes to ``journal``, a line each; at the moment ``die_at`` the
    process kills itself. Outside of a phase nothing counts."""

    def __init__(self, journal: Path, die_at: int | None) -> None:
        self.phase = ""
        self._journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._moments_left = -1 if die_at is None else die_at

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        if not self.phase:
            yield
            return
        if not self._moments_left:
            signal.pthread_kill(threading.get_ident(), signal.SIGKILL)
        self._moments_left -= 1
        yield
        os.write(self._journal, f"{self.phase}: {what}\n".encode())

    def watch_databases(self) -> None:
        """Statements, and commits, of every connection that is opened from now on."""

        def execute(call: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
            with self.around(f"{context['connection'].alias} {_title(str(sql))}"):
                return call(sql, params, many, context)

        def watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
            if execute not in connection.execute_wrappers:
                connection.execute_wrappers.append(execute)

        connection_created.connect(watch, weak=False)
        for name in ("_commit", "_rollback"):
            ended = lambda connection, name=name: f"{connection.alias} {name[1:].upper()}"  # noqa: E731
            self._watch(BaseDatabaseWrapper, name, ended)

    def watch_broker(self) -> None:
        """What goes to the broker for the queues."""
        self._watch(Channel, "_put", lambda channel, queue, *rest: f"{PUT} {queue}")
        self._watch(QoS, "append", lambda *rest: TAKEN)
        self._watch(QoS, "ack", lambda *rest: ACKNOWLEDGED)

    def _watch(self, of: Any, name: str, title: Callable[..., str]) -> None:
        call = getattr(of, name)

        @wraps(call)
        def watched(*args: Any, **kwargs: Any) -> Any:
            with self.around(title(*args)):
                return call(*args, **kwargs)

        setattr(of, name, watched)


def _title(sql: str) -> str:
    """The verb and the table, without what differs from run to run."""
    table = TABLE.search(sql)
    return f"{sql.split()[0]} {table[1]}" if table else sql.split()[0]
