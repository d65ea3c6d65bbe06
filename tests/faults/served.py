"""A served shop as the fault tests see it: its doors, its books and what it has mailed.

The books are read from its databases directly, past all of the shop's own code.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, TypeVar

import psycopg

from extract.data import app_aliases
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import PASSWORD, Shop
from tests.serving import Server

T = TypeVar("T")

STAFF = "operator@shop.example.com"
POLL = 0.05

_OPENING = f"""
from decimal import Decimal
from apps.product.services import ProductDraft, products_introduce
from shop.accounts.models import User
products_introduce(
    ProductDraft(sku=sku, name=sku.title(), price=Decimal("10.00"), stock=stock)
    for sku, stock in {{stock}}.items()
)
User.objects.create_user({STAFF!r}, {PASSWORD!r}, is_staff=True)
"""

DONE_DAILY = "WHERE aggregate = 'prune/' AND state = 'done'"
UNDER_WAY = {
    "payment": (
        "SELECT count(*) FROM extract_sagarun WHERE status IN ('running', 'compensating')",
        "SELECT count(*) FROM extract_outboxevent WHERE state = 'waiting'",
    ),
    "receipt": ("SELECT count(*) FROM extract_inboxevent WHERE state = 'waiting'",),
}


class Served:
    """The shop that ``server`` serves, opened with ``stock`` and one member of staff.

    ``is_open``: it has been opened before, by another process on the same databases.
    """

    def __init__(self, server: Server, *, is_open: bool = False, **stock: int) -> None:
        self.server = server
        if is_open:
            return
        made = server.manage("shell", "-v", "0", "-c", _OPENING.format(stock=stock))
        assert made.returncode == 0, made.stderr

    def visitor(self) -> Shop:
        return Shop(HttpTransport(self.server.base_url))

    def operator(self) -> Shop:
        return self.visitor().sign_in(STAFF)

    def rows(self, app: str, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the app's own database answers; parameters as ``?``."""
        with self._books(app) as connection:
            return list(connection.execute(self._spelled(sql), parameters).fetchall())

    def write(self, app: str, sql: str, *parameters: Any) -> None:
        """Change the books by hand, as somebody outside the shop would."""
        with self._books(app) as connection:
            assert connection.execute(self._spelled(sql), parameters).rowcount > 0

    @contextmanager
    def _books(self, app: str) -> Iterator[Any]:
        if url := self.server.env.get("DATABASE_URL"):
            with psycopg.connect(url, options=f"-c search_path={_schema(app)}") as connection:
                yield connection
            return
        path = self.server.data_dir / f"{app}.sqlite3"
        with closing(sqlite3.connect(path, timeout=20)) as books, books:
            yield books

    def _spelled(self, sql: str) -> str:
        return sql.replace("?", "%s") if self.server.env.get("DATABASE_URL") else sql

    def count(self, app: str, sql: str, *parameters: Any) -> int:
        """The one number that the query answers."""
        return int(self.rows(app, sql, *parameters)[0][0])

    def id(self, text: str) -> str:
        """A UUID as the app's database wants it."""
        return text if self.server.env.get("DATABASE_URL") else text.replace("-", "")

    def spend_the_day(self) -> None:
        """Wait until all that is done once a day is done: it comes to kill points, too."""
        eventually(
            lambda: all(
                self.count(app, f"SELECT count(*) FROM {table} {DONE_DAILY}")
                for app in app_aliases()
                for table in ("extract_outboxevent", "extract_inboxevent")
            ),
            seconds=40.0,
        )

    def settle(self, *, seconds: float = 40.0) -> None:
        """Wait until every saga has ended and outbox and inbox are empty."""
        eventually(lambda: not self._under_way(), self._under_way, seconds=seconds)

    def _under_way(self) -> dict[str, int]:
        return {
            sql: number
            for app, queries in UNDER_WAY.items()
            for sql in queries
            if (number := self.count(app, sql))
        }

    def mails(self) -> list[EmailMessage]:
        """Every sending, in no particular order."""
        files = (self.server.data_dir / "mails").glob("*.eml")
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    def broken(self) -> list[Any]:
        """What ``manage.py extract audit --json`` reports; [] if all is well."""
        audited = self.server.manage("extract", "audit", "--json")
        assert audited.returncode in (0, 1), audited.stderr
        report = json.loads(audited.stdout.splitlines()[-1])
        assert report["ok"] == (audited.returncode == 0) == (not report["broken"])
        return list(report["broken"])


def _schema(alias: str) -> str:
    return "public" if alias == "default" else alias


def eventually(
    done: Callable[[], bool], left: Callable[[], Any] = lambda: "", *, seconds: float
) -> None:
    """Look again until it is ``done``; after ``seconds`` fail with what is ``left``."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, f"after {seconds} s: {left()}"
        time.sleep(POLL)


def percentile(values: list[float], percent: int) -> float:
    """The value below which ``percent`` of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
