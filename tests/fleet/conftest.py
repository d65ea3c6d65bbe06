"""``bare``: a fleet that is not started, on the demo shop's data. ``fleet``: home, two of product
and one of payment, that a module shares. ``visitor``: somebody at its gateway."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import components
from tests.fleets import Fleet
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

SHOWN = {"ALLOWED_HOSTS": "", "EXTRACT_SHOW_INSTANCE": "1"}


@pytest.fixture(scope="module")
def make_fleet(_template: Any) -> Iterator[Callable[[], Fleet]]:
    components.redis_server()
    components.needed("nginx with Lua", components.nginx())
    made: list[Fleet] = []

    def make() -> Fleet:
        data_dir, where = _template.copy(demo=True)
        made.append(Fleet(data_dir, {**SHOWN, **where}, prepare=False))
        return made[-1]

    yield make
    for fleet in made:
        fleet.stop()
        shutil.rmtree(fleet.data_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def bare(make_fleet: Callable[[], Fleet]) -> Fleet:
    return make_fleet()


@pytest.fixture(scope="module")
def fleet(bare: Fleet) -> Fleet:
    return bare.start("home=1", "product=2", "payment=1")


@pytest.fixture
def visitor(fleet: Fleet) -> Iterator[Shop]:
    transport = HttpTransport(fleet.base_url)
    yield Shop(transport)
    transport.close()
