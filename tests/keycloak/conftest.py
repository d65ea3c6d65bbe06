"""The shop with Keycloak, by ``make test-keycloak``: nothing else needs one.

``keycloak``  a real one, with the realm of ``docker/keycloak``. Leave it as you found it.
``shop``      a fleet behind its gateway that signs in by it: home, identity, payment and invoice
              apart. Its value is the ``Fleet``; everybody shares it.
``monolith``  the same in one process, on the same Keycloak. Its value is a ``Server``.
``either``    the base URL of the one, then of the other: for what differs behind the gateway.
``person``    somebody with a browser, as far as HTTP goes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests import components
from tests.figures import figures, pytest_terminal_summary  # noqa: F401 (pytest finds them)
from tests.fleets import Fleet
from tests.keycloak.person import Person
from tests.keycloak.realm_key import RealmKey
from tests.keycloak.server import Keycloak, distribution
from tests.pages.receiver import Receiver
from tests.serving import Server

collect_ignore_glob = [] if os.environ.get("TEST_KEYCLOAK") else ["test_*.py"]


@pytest.fixture(scope="session")
def _bare_shop(_template: Any) -> Iterator[Fleet]:
    components.redis_server()
    components.needed("nginx with Lua", components.nginx())
    data_dir, where = _template.copy(demo=True)
    fleet = Fleet(data_dir, {"ALLOWED_HOSTS": "", "EXTRACT_SHOW_INSTANCE": "1", **where})
    yield fleet
    fleet.stop()
    shutil.rmtree(data_dir, ignore_errors=True)


@pytest.fixture(scope="session")
def _receiver(_bare_shop: Fleet) -> Iterator[Receiver]:
    """Keycloak's mails are kept where the shop's are."""
    receiver = Receiver(_bare_shop.data_dir)
    yield receiver
    receiver.end()


@pytest.fixture(scope="session")
def keycloak(_bare_shop: Fleet, _receiver: Receiver) -> Iterator[Keycloak]:
    home = components.needed("Keycloak (KEYCLOAK_HOME)", distribution())
    server = Keycloak(home, _bare_shop.base_url, _receiver.port)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def shop(_bare_shop: Fleet, keycloak: Keycloak) -> Fleet:
    _bare_shop.env |= keycloak.env
    return _bare_shop.start("home=1", "identity=1", "payment=1", "invoice=1")


@pytest.fixture(scope="session")
def monolith(_template: Any, keycloak: Keycloak, _bare_shop: Fleet) -> Iterator[Server]:
    data_dir, where = _template.copy(demo=True)
    server = Server(data_dir=data_dir, env={"ALLOWED_HOSTS": "", **where, **keycloak.env})
    both = [f"{url}/accounts/callback/" for url in (_bare_shop.base_url, server.base_url)]
    keycloak.change_client(redirectUris=both)
    yield server.start()
    server.kill()
    shutil.rmtree(data_dir, ignore_errors=True)


@pytest.fixture(params=["shop", "monolith"])
def either(request: pytest.FixtureRequest) -> str:
    served: Fleet | Server = request.getfixturevalue(request.param)
    return served.base_url


@pytest.fixture
def realm_key(keycloak: Keycloak) -> Iterator[RealmKey]:
    key = RealmKey(keycloak)
    yield key
    key.retire()


@pytest.fixture
def person() -> Person:
    return Person()
