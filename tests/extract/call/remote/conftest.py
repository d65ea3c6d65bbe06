"""``shelves``: three instances of ``shelf`` that the session shares, alive again for each test.
``caller``: knows them, and calls them while the test runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from extract.call import bound
from tests.extract.call.remote.scene import Callee, Caller
from tests.extract.call.remote.shelf import APP, Shelf

Calling = Callable[..., Caller]


@pytest.fixture(scope="session")
def _shelves() -> Iterator[tuple[Callee, ...]]:
    callees = tuple(Callee(id) for id in ("a", "b", "c"))
    yield callees
    for callee in callees:
        callee.remove()


@pytest.fixture
def shelves(_shelves: tuple[Callee, ...]) -> tuple[Callee, ...]:
    for callee in _shelves:
        if not callee.is_alive():
            callee.start()
    for callee in _shelves:
        callee.wait()
    return _shelves


@pytest.fixture
def start() -> Iterator[Callable[..., Callee]]:
    """Start a callee for this test alone."""
    callees: list[Callee] = []

    def start(*arguments: Any, **options: Any) -> Callee:
        callees.append(Callee(*arguments, **options).start())
        return callees[-1]

    yield start
    for callee in callees:
        callee.remove()


@pytest.fixture
def calling() -> Iterator[Calling]:
    """Make a caller that knows these callees; calls to ``shelf`` take its binding."""
    made: list[Any] = []

    def calling(*callees: Callee, role: str = "till", **options: Any) -> Caller:
        caller = Caller(role, **options)
        block = bound(caller.placed, APP)
        block.__enter__()
        made.append((caller, block))
        caller.knows(*callees, contract=Shelf)
        return caller

    yield calling
    for caller, block in reversed(made):
        block.__exit__(None, None, None)
        caller.close()


@pytest.fixture
def caller(calling: Calling, shelves: tuple[Callee, ...]) -> Caller:
    return calling(*shelves)
