"""Where the scenarios take place: the same bodies in each ``placement``.

``placement``  ``local`` and ``wire``: in this process, with every app bound so. ``monolith``:
               over HTTP, one process. A test marked ``in_process`` stays in this process.
``place``      the placement: stock, accounts, ``settle`` and a look at charges and mails.
``shop``       a guest, with LAMP (10 pieces at 10.00) and VASE (5 at 3.50) on sale.
``customer``, ``operator``   visitors signed in over the API.

Every scenario ends with all work done and every invariant intact.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.serving import Server

if TYPE_CHECKING:
    from tests.scenarios.in_process import InProcess
    from tests.scenarios.place import Place
    from tests.scenarios.served import Served
    from tests.scenarios.shop import Shop

IN_PROCESS = ("local", "wire")
SERVED = ("monolith",)

# What a saga or relay left behind is taken up soon.
SHORT_LEASES = {"EXTRACT_LEASE": "1", "EXTRACT_RELAY_LEASE": "1", "EXTRACT_STEP_SECONDS": "3"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every scenario in every placement; all scenarios of one follow each other."""
    if "placement" in metafunc.fixturenames:
        stays = metafunc.definition.get_closest_marker("in_process")
        chosen = IN_PROCESS if stays else (*IN_PROCESS, *SERVED)
        metafunc.parametrize("placement", chosen, indirect=True, scope="package")


@pytest.fixture(scope="package")
def placement(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def place(placement: str, request: pytest.FixtureRequest) -> Place:
    place: Place = request.getfixturevalue("here" if placement in IN_PROCESS else "there")
    return place


@pytest.fixture
def here(placement: str, database: None, settings: Any) -> Iterator[InProcess]:
    """The shop in this process."""
    from extract.call import LOCAL, Wire, bound
    from extract.data import app_aliases
    from tests.scenarios.in_process import InProcess

    # Verifying a password slowly is not what scenarios are about.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with bound(Wire() if placement == "wire" else LOCAL, *app_aliases()):
        place = InProcess()
        yield place
        _assert_at_peace(place)


@pytest.fixture
def there(monolith: Server, django_db_blocker: Any, settings: Any) -> Iterator[Served]:
    """The shop as processes of its own."""
    from tests.crossing import watched
    from tests.scenarios.served import Served, books_of

    settings.MAILS_DIR = monolith.data_dir / "mails"
    books = books_of(monolith.data_dir, monolith.env.get("DATABASE_URL", ""))
    with django_db_blocker.unblock(), books, watched():
        place = Served(monolith.base_url)
        try:
            yield place
            _assert_at_peace(place)
        finally:
            place.leave()


def _assert_at_peace(place: Place) -> None:
    place.settle()
    assert place.broken() == ()


@pytest.fixture(scope="package")
def monolith(_template: Any) -> Iterator[Server]:
    """One process that is the whole shop."""
    data_dir, where = _template.copy(demo=False)
    server = Server(data_dir=data_dir, env={"ALLOWED_HOSTS": "", **where, **SHORT_LEASES})
    yield server.start()
    server.stop()


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
