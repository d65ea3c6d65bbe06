"""The one door for writes: a transaction on the app's alias that share-locks its ownership row.

The row says which database owns the app's rows. Its *epoch* is a number that goes up by one
each time they move to another database: that is a *cutover*. Who is alive is only ever guessed
at; that two never own the same rows rests on this row. A cutover takes the lock exclusively, so
no write that began before it can commit after it.

A door is its thread's, as the transaction is: a context that was copied to another thread opens
nothing there. The router refuses what Django routes; what names its alias itself, or is SQL by
hand, is refused where it would leave for the database.
"""

from __future__ import annotations

import re
import threading
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from extract.data.aliases import alias_of
from extract.data.errors import NotMigrated, OutsideDoor, OwnedElsewhere

# Our own half of PostgreSQL's two-integer advisory lock space.
ADVISORY_SPACE = 0x0E57

_WRITE = re.compile(
    r"\s*(?:INSERT|REPLACE|UPDATE|DELETE|MERGE|TRUNCATE"
    r"|WITH\b.*\b(?:INSERT INTO|DELETE FROM|(?<!FOR )UPDATE)\b)"
    r"(?:\s+(?:OR \w+|INTO|FROM|TABLE))*\s*([\w.\"]*)",
    re.IGNORECASE | re.DOTALL,
)

# SQLite lets waiting writers race for its lock and fails the unlucky ones after a timeout;
# a queue in the process is fair. Other processes still meet SQLite's own timeout.
_turns: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)


@contextmanager
def owned(app: str, *, alone: bool = False) -> Iterator[None]:
    """Open a transaction in which the rows of ``app`` may be written.

    Nested use joins the outer transaction (a savepoint inside). Raises ``NotMigrated``
    or ``OwnedElsewhere`` before anything is written. ``alone``: every other one of the app has
    ended before it or sees what it wrote; all of them wait for it, so it is for rare, short work,
    and not to be nested.
    """
    alias = alias_of(app)
    connection = connections[alias]
    turn = _turns[alias] if connection.vendor == "sqlite" else nullcontext()
    with turn, transaction.atomic(using=alias):
        opened = _own.open_doors
        if app not in opened:
            _check_ownership(connection, app, alone)
        _own.open_doors = opened | {app}
        try:
            yield
        finally:
            _own.open_doors = opened


def door_is_open(app: str) -> bool:
    """Whether the running code is inside ``owned(app)``."""
    return app in _own.open_doors


@contextmanager
def unguarded() -> Iterator[None]:
    """For the block, this thread may write outside the door: for migrations and cutovers, which
    decide who owns the rows."""
    before, _own.is_unguarded = _own.is_unguarded, True
    try:
        yield
    finally:
        _own.is_unguarded = before


def in_any_transaction() -> bool:
    """Whether any database connection of this thread has a transaction open."""
    return any(connection.in_atomic_block for connection in _own.wrappers.values())


class _Own(threading.local):
    """What is this thread's: its connections, since asking Django for each costs more than a
    local call, and its open doors."""

    def __init__(self) -> None:
        self.wrappers: dict[str, BaseDatabaseWrapper] = {}
        self.open_doors: frozenset[str] = frozenset()
        self.is_unguarded = False


_own = _Own()


def remember_connection(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Receiver of Django's ``connection_created``: no transaction opens before that is sent."""
    _own.wrappers[connection.alias] = connection
    if connection.alias != DEFAULT_DB_ALIAS and _guard not in connection.execute_wrappers:
        connection.execute_wrappers.append(_guard)


def _guard(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Django's execute wrapper: a write outside the door does not leave."""
    if (write := _WRITE.match(str(sql))) and not _own.is_unguarded:
        alias = context["connection"].alias
        if alias not in _own.open_doors:
            raise OutsideDoor(alias, write[1].strip('"') or "A table")
    return execute(sql, params, many, context)


def let_go_of_connections() -> None:
    """What Django does at the end of a request, for work that is none: close this thread's
    connections that are to be closed (which gives them back where there is a pool)."""
    for connection in _own.wrappers.values():
        connection.close_if_unusable_or_obsolete()


def advisory_key(app: str) -> int:
    """The signed 32-bit key of the app's advisory lock on PostgreSQL."""
    return zlib.crc32(app.encode()) - 2**31


def _check_ownership(connection: BaseDatabaseWrapper, app: str, alone: bool) -> None:
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Two statements: a row read in the statement that waits for the lock may be stale.
            cursor.execute(f"SELECT {lock}(%s, %s)", [ADVISORY_SPACE, advisory_key(app)])
        cursor.execute("SELECT epoch, database = here FROM extract_ownership WHERE app = %s", [app])
        row = cursor.fetchone()
    if row is None:
        raise NotMigrated(app)
    epoch, is_owner = row
    if not is_owner:
        raise OwnedElsewhere(app, epoch)
