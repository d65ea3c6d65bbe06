"""The shop in containers, by ``make test-docker``: nothing else needs a Docker engine.

``shop`` is the running stack, which every test leaves as the monolith that it found.
"""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Callable, Iterator

import pytest

from tests.docker.books import ContainerBooks
from tests.docker.stack import Stack, UnderLoad, engine
from tests.figures import figures, pytest_terminal_summary  # noqa: F401 (pytest finds them)
from tests.load.campaign import unplanned
from tests.load.driver import Mix, drive
from tests.load.log import Log

CALM_SECONDS = 4.0
"""Of load before and after a change."""
LONGEST = 240.0

collect_ignore_glob = [] if os.environ.get("TEST_DOCKER") else ["test_*.py"]


@pytest.fixture(scope="session")
def cold() -> Iterator[Stack]:
    """Built, and not started."""
    engine()
    stack = Stack()
    stack.compose("build", "home", "gateway")
    yield stack
    stack.remove()


@pytest.fixture(scope="session")
def shop(cold: Stack) -> Stack:
    cold.up()
    return cold


@pytest.fixture(scope="session")
def books(shop: Stack) -> ContainerBooks:
    books = ContainerBooks(shop)
    books.skus = books.stock_up()
    return books


@pytest.fixture(autouse=True)
def _whole(request: pytest.FixtureRequest) -> Iterator[None]:
    """The monolith again after each test, and everything adds up."""
    if not {"shop", "books", "under_load"} & set(request.fixturenames):
        yield
        return
    shop, books = request.getfixturevalue("shop"), request.getfixturevalue("books")
    yield
    shop.come_home()
    books.settle()
    assert books.audit() == []


@pytest.fixture
def under_load(shop: Stack, books: ContainerBooks, request: pytest.FixtureRequest) -> UnderLoad:
    """``under_load(change)``: people browse and buy before, while and after ``change`` is made.

    What may be repeated (GETs, keyed requests) must succeed; what the clients were told must be
    what the databases say.
    """

    # Another one for each test: keys that were used before would be refused.
    seed = zlib.crc32(request.node.name.encode())

    def under_load(change: Callable[[], None]) -> Log:
        def disturb(over: threading.Event) -> None:
            over.wait(CALM_SECONDS)
            change()
            over.wait(CALM_SECONDS)

        before = set(books.orders())
        log = drive(
            shop.base_url, books.skus, seconds=LONGEST, seed=seed, mix=Mix(rate=2.0),
            disturb=disturb, until_done=True,
        )  # fmt: skip
        assert unplanned(log) == []
        assert books.disagreements(log, before=before) == []
        return log

    return under_load
