"""Where the scenarios take place: the same bodies in each ``placement``.

``placement``  ``local`` and ``wire``: in this process, with every app bound so. The others over
               HTTP: ``monolith`` is one process; in the rest, behind a gateway, the named apps
               (or all, or none) are served by an instance of their own and the others by home.
               ``PLACEMENTS=all`` takes all 16, else some (see ``placements``). A test marked
               ``in_process`` stays in this process.
``place``      the placement: stock, accounts, ``settle`` and a look at charges and mails.
``shop``       a guest, with LAMP (10 pieces at 10.00) and VASE (5 at 3.50) on sale.
``customer``, ``operator``   visitors signed in over the API.
``moving``     a place whose apps the test moves itself.

Every scenario ends with all work done and every invariant intact.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests import components
from tests.fleets import Fleet
from tests.scenarios.placements import CHOSEN, outside
from tests.serving import Server

if TYPE_CHECKING:
    from tests.scenarios.fleet_place import FleetPlace
    from tests.scenarios.in_process import InProcess
    from tests.scenarios.place import Place
    from tests.scenarios.served import Served
    from tests.scenarios.shop import Shop

IN_PROCESS = ("local", "wire")
IN_FLEET = [pytest.param(each, id=f"fleet-{each}") for each in CHOSEN]

# What a saga or relay left behind is taken up soon.
SHORT_LEASES = {"EXTRACT_LEASE": "1", "EXTRACT_RELAY_LEASE": "1", "EXTRACT_STEP_SECONDS": "3"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every scenario in every placement; all scenarios of one follow each other."""
    if "placement" in metafunc.fixturenames:
        stays = metafunc.definition.get_closest_marker("in_process")
        chosen = IN_PROCESS if stays else (*IN_PROCESS, "monolith", *IN_FLEET)
        metafunc.parametrize("placement", chosen, indirect=True, scope="package")


@pytest.fixture(scope="package")
def placement(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(placement: str, request: pytest.FixtureRequest) -> Place:
    kinds = {"local": "here", "wire": "here", "monolith": "alone"}
    place: Place = request.getfixturevalue(kinds.get(placement, "among_others"))
    return place


@pytest.fixture
def here(placement: str, database: None) -> Iterator[InProcess]:
    """In this process."""
    from extract.call import LOCAL, Wire, bound
    from extract.data import app_aliases
    from tests.scenarios.in_process import InProcess

    with bound(Wire() if placement == "wire" else LOCAL, *app_aliases()):
        place = InProcess()
        yield place
        place.assert_at_peace()


@pytest.fixture
def alone(monolith: Server, django_db_blocker: Any, settings: Any) -> Iterator[Served]:
    """One process that is the whole shop."""
    from tests.scenarios.served import Served

    with _books(monolith, django_db_blocker, settings), Served(monolith.base_url).visited() as it:
        yield it


@pytest.fixture
def among_others(placement: str, moving: FleetPlace) -> FleetPlace:
    """A process for each app that is outside, and home for the others."""
    moving.move(outside(placement))
    return moving


@pytest.fixture
def moving(fleet_place: FleetPlace, django_db_blocker: Any, settings: Any) -> Iterator[FleetPlace]:
    with _books(fleet_place.fleet, django_db_blocker, settings), fleet_place.visited():
        yield fleet_place


@contextmanager
def _books(served: Server | Fleet, blocker: Any, settings: Any) -> Iterator[None]:
    """For the block, databases and mails are those that are served."""
    from tests.crossing import watched
    from tests.scenarios.served import books_of

    settings.MAILS_DIR = served.data_dir / "mails"
    books = books_of(served.data_dir, served.env.get("DATABASE_URL", ""))
    with blocker.unblock(), books, watched():
        yield


@pytest.fixture(scope="package")
def monolith(_template: Any) -> Iterator[Server]:
    data_dir, where = _template.copy(demo=False)
    server = Server(data_dir=data_dir, env={"ALLOWED_HOSTS": "", **where, **SHORT_LEASES})
    yield server.start()
    server.stop()


@pytest.fixture(scope="package")
def fleet_place(_template: Any) -> Iterator[FleetPlace]:
    """Home, identity and one instance of each app behind a gateway."""
    from tests.scenarios.fleet_place import FleetPlace

    components.redis_server()
    components.needed("nginx with Lua", components.nginx())
    data_dir, where = _template.copy(demo=False)
    env = {"ALLOWED_HOSTS": "", "EXTRACT_SHOW_INSTANCE": "1", **where, **SHORT_LEASES}
    fleet = Fleet(data_dir, env, prepare=False)
    try:
        place = FleetPlace(fleet.start())
        yield place
        place.close()
    finally:
        fleet.stop()


@pytest.fixture
def shop(place: Place) -> Shop:
    place.stock("LAMP", 10, price="10.00")
    place.stock("VASE", 5, price="3.50")
    return place.visitor()


@pytest.fixture
def customer(place: Place, shop: Shop) -> Shop:
    return place.visitor().sign_in(place.account("ada@example.com"))


@pytest.fixture
def operator(place: Place, shop: Shop) -> Shop:
    return place.visitor().sign_in(place.account("operator@example.com", is_staff=True))
