"""A small fleet on PostgreSQL that faults can be planted in; its tests share it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests import components
from tests.apps.receipt.mailserver import MailServer
from tests.fleets import Fleet
from tests.load.books import Books
from tests.load.traced import Traced
from tests.load.traces import fleet_at

SIZE = ("home=1", "identity=1", "product=1", "payment=2", "invoice=2", "receipt=1")


@dataclass
class Scene:
    fleet: Fleet
    mails: MailServer
    books: Books
    skus: list[str]

    def traced(self) -> Traced:
        """What the lines say now, and the databases."""
        return Traced(self.fleet, self.books)


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    components.needed("nginx", components.nginx())
    with MailServer() as mails, fleet_at(mails, *SIZE, EXTRACT_BASIC_AUTH="1") as fleet:
        books = Books(fleet)
        yield Scene(fleet, mails, books, books.stock_up())
