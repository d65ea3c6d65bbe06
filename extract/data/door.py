"""The one door for writes: a transaction on the app's alias that share-locks its ownership row.

Liveness is advisory; correctness rests on this row. A cutover takes the lock exclusively,
so no write that began under the old epoch can commit after it.
"""

from __future__ import annotations

import threading
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from extract.data.aliases import alias_of
from extract.data.errors import NotMigrated, OwnedElsewhere

# Our own half of PostgreSQL's two-integer advisory lock space.
ADVISORY_SPACE = 0x0E57

_open_doors: ContextVar[frozenset[str]] = ContextVar("open_doors", default=frozenset())

# SQLite lets waiting writers race for its lock and fails the unlucky ones after a timeout;
# a queue in the process is fair. Other processes still meet SQLite's own timeout.
_turns: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)


@contextmanager
def owned(app: str) -> Iterator[None]:
    """Open a transaction in which the rows of ``app`` may be written.

    Nested use joins the outer transaction (a savepoint inside). Raises ``NotMigrated``
    or ``OwnedElsewhere`` before anything is written.
    """
    alias = alias_of(app)
    connection = connections[alias]
    turn = _turns[alias] if connection.vendor == "sqlite" else nullcontext()
    with turn, transaction.atomic(using=alias):
        opened = _open_doors.get()
        if app not in opened:
            _check_ownership(connection, app)
        token = _open_doors.set(opened | {app})
        try:
            yield
        finally:
            _open_doors.reset(token)


def door_is_open(app: str) -> bool:
    """Whether the running code is inside ``owned(app)``."""
    return app in _open_doors.get()


def in_any_transaction() -> bool:
    """Whether any database connection of this thread has a transaction open."""
    return any(connection.in_atomic_block for connection in _connected.wrappers.values())


class _Connected(threading.local):
    """This thread's connections. Asking Django for each costs more than a local call."""

    def __init__(self) -> None:
        self.wrappers: dict[str, BaseDatabaseWrapper] = {}


_connected = _Connected()


def remember_connection(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Receiver of Django's ``connection_created``: no transaction opens before that is sent."""
    _connected.wrappers[connection.alias] = connection


def let_go_of_connections() -> None:
    """What Django does at the end of a request, for work that is none: close this thread's
    connections that are to be closed (which gives them back where there is a pool)."""
    for connection in _connected.wrappers.values():
        connection.close_if_unusable_or_obsolete()


def advisory_key(app: str) -> int:
    """The signed 32-bit key of the app's advisory lock on PostgreSQL."""
    return zlib.crc32(app.encode()) - 2**31


def _check_ownership(connection: BaseDatabaseWrapper, app: str) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Two statements: a row read in the statement that waits for the lock may be stale.
            cursor.execute(
                "SELECT pg_advisory_xact_lock_shared(%s, %s)", [ADVISORY_SPACE, advisory_key(app)]
            )
        cursor.execute("SELECT epoch, database = here FROM extract_ownership WHERE app = %s", [app])
        row = cursor.fetchone()
    if row is None:
        raise NotMigrated(app)
    epoch, is_owner = row
    if not is_owner:
        raise OwnedElsewhere(app, epoch)
