"""The shop as processes of its own, reached over HTTP.

This process's connections are led to the served databases. Between two scenarios the apps'
tables are emptied, once nothing is under way; accounts stay, as their passwords are slow to
verify and a verdict is kept for some seconds.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Self

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connections

from extract.data import app_aliases
from tests.emptying import KEPT, empty_databases
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.place import Place
from tests.scenarios.shop import PASSWORD, Shop

# What a process holds while it runs.
HELD = frozenset({"extract_relaylease"})


class Served(Place):
    """The shop at ``base_url``. Its workers are at work all the time."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._transports: list[HttpTransport] = []

    def visitor(self) -> Shop:
        transport = HttpTransport(self.base_url)
        self._transports.append(transport)
        return Shop(transport)

    def account(self, email: str, *, is_staff: bool = False) -> str:
        from shop.accounts.models import User

        user = {"password": _encoded(PASSWORD), "is_staff": is_staff}
        User.objects.get_or_create(email=email, defaults=user)
        return email

    def work(self) -> None:
        """They see to it themselves."""

    @contextmanager
    def visited(self) -> Iterator[Self]:
        """For the block, scenarios take place here; the shop is left as it was found."""
        try:
            yield self
            self.assert_at_peace()
        finally:
            self.leave()

    def leave(self) -> None:
        """Close the visitors' connections and empty the shop."""
        while self._transports:
            self._transports.pop().close()
        empty_databases(*app_aliases(), kept=KEPT | HELD)
        shutil.rmtree(settings.MAILS_DIR, ignore_errors=True)


@contextmanager
def books_of(data_dir: Path, database_url: str = "") -> Iterator[None]:
    """For the block, every alias of this process is the one of the shop that is served there."""
    before = {alias: connections.settings[alias]["NAME"] for alias in connections}
    shared = database_url.rpartition("/")[2]
    _lead({alias: shared or str(data_dir / f"{alias}.sqlite3") for alias in connections})
    try:
        yield
    finally:
        _lead(before)


def _lead(names: dict[str, str]) -> None:
    connections.close_all()
    for connection in connections.all():
        getattr(connection, "close_pool", lambda: None)()
    for alias, name in names.items():
        connections.settings[alias]["NAME"] = name


@cache
def _encoded(password: str) -> str:
    return make_password(password)
