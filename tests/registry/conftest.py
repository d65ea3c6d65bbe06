"""``backing``: each test runs against Redis and against the twin. ``connect`` makes registries,
``watch`` starts views, which end with the test; ``doorbells`` says who proves to be itself.
``soon`` hurries views.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from extract.registry import Registry, RegistryDown, View, asking, watching
from tests.registry.scene import Backing, Doorbells, InMemory, OnRedis, trust_of


@pytest.fixture(params=["redis", "memory"])
def backing(request: pytest.FixtureRequest) -> Backing:
    if request.param == "memory":
        return InMemory()
    return OnRedis(request.getfixturevalue("redis"))


@pytest.fixture
def connect(backing: Backing) -> Iterator[Callable[..., Registry]]:
    made: list[Registry] = []

    def connect(**options: Any) -> Registry:
        made.append(backing.connect(**options))
        return made[-1]

    yield connect
    for registry in made:
        registry.close()


@pytest.fixture
def registry(connect: Callable[..., Registry]) -> Registry:
    return connect()


@pytest.fixture
def doorbells() -> Doorbells:
    return Doorbells()


@pytest.fixture
def watch(connect: Callable[..., Registry], doorbells: Doorbells) -> Iterator[Callable[..., View]]:
    views: list[View] = []

    def watch(registry: Registry | None = None, **options: Any) -> View:
        options = {"confirm": doorbells, "trust": trust_of()} | options
        view = View(registry or connect(), **options)
        views.append(view)
        view.start()
        return view

    yield watch
    end(views, connect)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks often, rests little, and takes leases for lost soon."""
    monkeypatch.setattr(watching, "POLL_EVERY", 0.02)
    monkeypatch.setattr(watching, "LEASE", 0.1)
    monkeypatch.setattr(asking, "FIRST_DELAY", 0.02)
    monkeypatch.setattr(asking, "LONGEST_DELAY", 0.05)


def end(views: list[View], connect: Callable[..., Registry]) -> None:
    """Stop them all, without waiting until each would have looked by itself."""
    stopping = [threading.Thread(target=view.stop) for view in views]
    for thread in stopping:
        thread.start()
    while any(thread.is_alive() for thread in stopping):
        with suppress(RegistryDown):
            connect().withdraw("nobody")
        stopping[0].join(0.02)
