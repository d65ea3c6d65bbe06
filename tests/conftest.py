"""Fixtures for every test. How to use them:

``database``       A test that touches rows asks for it (or ``pytestmark =
                   pytest.mark.usefixtures("database")``): all five aliases are migrated, and
                   emptied after the test; SQL that names another app's tables fails it. Never
                   use ``django_db``: it wraps the test in transactions, in which contract
                   calls are refused.
``binding``        Runs the test twice, with every app bound ``local`` and ``wire``; its value
                   is that word.
``together``       ``together(function, 50)`` calls ``function(n)`` in 50 threads at once and
                   returns what each returned or raised; their connections are closed.
``client``, ``settings``, ``rf``   pytest-django's.
``shop_server``    The real thing as a process with the demo shop loaded, one per session; its
                   value is ``base_url``. Don't break it: others use it too.
``serve``          ``server = serve(EXTRACT_KILL_AT="relay.sent")`` starts one for this test
                   alone: ``server.base_url``, ``.kill()``, ``.stop()``, ``.restart(**env)``,
                   ``.wait_dead()``, ``.manage("extract", "audit")``, ``.said()``.
                   ``serve(demo=False)`` starts with empty databases; ``started=False`` leaves
                   the start to you.
``chromium``       The path of the browser; skips the test by that name where there is none.
``redis``          A real, empty Redis of the test's own: ``redis.url``, ``.stop()``,
                   ``.start()``, ``.flush()``, ``.pause()``, ``.resume()``.
``rabbitmq``       A real RabbitMQ without queues, one per session because it takes seconds to
                   start: ``rabbitmq.url``, ``.stop()``, ``.kill()``, ``.start()``,
                   ``.restart()``, ``.flush()``, ``.depth(queue)``. Leave it as you like: it is
                   started and emptied before the next test.
``sample_csv``     The real invoices file if ``RETAIL_CSV`` names it, else the repo's sample.

The databases are SQLite files, or with ``TEST_DATABASE=postgresql`` a cluster of the run's
own. ``@pytest.mark.postgresql`` and ``@pytest.mark.sqlite`` confine a test to one of them.
Throttles are off: a test of theirs sets ``settings.THROTTLE = "on"``. Passwords are hashed
cheaply in this process; served ones do it as ever.

With ``-n 2`` two processes share the tests, each with directories and databases of its own.
A file stays in one of them (see ``tests.sharing``).
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests import components, sharing
from tests.postgres import Cluster
from tests.rabbit_server import RabbitServer
from tests.redis_server import RedisServer
from tests.serving import Server
from tests.serving.template import Template

DATABASE = os.environ.get("TEST_DATABASE", "sqlite")
_directory = Path(tempfile.mkdtemp(prefix="shop-tests-"))
_cluster: Cluster | None = None

SHARED = "TESTS_SHARED"
"""Names the directory that all processes of a run have in common."""
SHOP_VARIABLES = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "EMAIL_URL")


def pytest_configure(config: pytest.Config) -> None:
    """Settle the environment before Django reads its settings."""
    global _cluster
    # A job in the background ignores Ctrl-C, and so would all that it starts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "postgresql: runs on PostgreSQL only")
    config.addinivalue_line("markers", "sqlite: runs on SQLite only")
    config.addinivalue_line("markers", "in_process(reason): a scenario for this process alone")
    if sharing.is_sharing_out(config):
        os.environ[SHARED] = str(_directory)
        return
    for name in [name for name in os.environ if name.endswith(SHOP_VARIABLES)]:
        del os.environ[name]
    data_dir = _directory / "in-process"
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "DATA_DIR": str(data_dir),
        "THROTTLE": "off",
        "DEBUG": "0",
        "EXTRACT_BASIC_AUTH": "1",
    }
    if DATABASE == "postgresql" and (found := components.postgresql()):
        _cluster = Cluster(found)
        os.environ["DATABASE_URL"] = _cluster.create()

    import django
    from django.conf import settings

    django.setup()
    if Path(settings.DATA_DIR) != data_dir:
        # pytest-django was told of the settings from outside and read them before this.
        pytest.exit(
            f"Tests would empty the databases in {settings.DATA_DIR}; "
            f"unset DJANGO_SETTINGS_MODULE and start them again.",
            returncode=4,
        )


def pytest_unconfigure(config: pytest.Config) -> None:
    if "django" in sys.modules and not sharing.is_sharing_out(config):
        from django.db import connections

        connections.close_all()
        for connection in connections.all():
            getattr(connection, "close_pool", lambda: None)()
    if _cluster is not None:
        _cluster.stop()
    shutil.rmtree(_directory, ignore_errors=True)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> sharing.Sharing:
    return sharing.Sharing(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if sharing.is_given_out(config):
        sharing.share(items)
    for item in items:
        for kind in ("postgresql", "sqlite"):
            if item.get_closest_marker(kind) and kind != DATABASE:
                item.add_marker(pytest.mark.skip(reason=f"only on {kind}"))


@pytest.fixture(scope="session", autouse=True)
def _databases_can_be_had() -> None:
    if DATABASE == "postgresql":
        components.needed("PostgreSQL", components.postgresql())


@pytest.fixture(scope="session", autouse=True)
def django_test_environment() -> Iterator[None]:
    """pytest-django's, but mails go where the shop sends them.

    What costs much and is not what the tests are about is left out in this process: the slow
    hash of passwords, and a look at all static files for each test client.
    """
    from django.conf import settings
    from django.test.utils import setup_test_environment, teardown_test_environment

    backend = settings.EMAIL_BACKEND
    setup_test_environment(debug=False)
    settings.EMAIL_BACKEND = backend
    settings.PASSWORD_HASHERS = ["tests.cheap.CheapHasher"]
    settings.WHITENOISE_AUTOREFRESH = True
    yield
    teardown_test_environment()


@pytest.fixture(scope="session")
def _migrated(django_db_blocker: Any) -> Iterator[None]:
    from django.core.management import call_command
    from django.db import connections

    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
    with ExitStack() as kept:
        # Closing a SQLite file's last connection folds its log into it, which takes longer than
        # most tests do: there is always one more.
        for alias in connections if DATABASE == "sqlite" else ():
            file = sqlite3.connect(connections[alias].settings_dict["NAME"])
            kept.enter_context(closing(file)).execute("SELECT 1 FROM django_migrations").fetchone()
        yield


@pytest.fixture
def database(_migrated: None, django_db_blocker: Any) -> Iterator[None]:
    """All five aliases, open to the test and empty after it."""
    from tests.crossing import watched

    with django_db_blocker.unblock(), watched():
        yield
        _clean()


def _clean() -> None:
    from django.conf import settings
    from django.core.cache import caches
    from django.db import connections

    from tests.emptying import empty_databases

    empty_databases()
    connections.close_all()
    for alias in settings.CACHES:
        caches[alias].clear()
    shutil.rmtree(settings.MAILS_DIR, ignore_errors=True)


@pytest.fixture(params=["local", "wire"])
def binding(request: pytest.FixtureRequest) -> Iterator[str]:
    """How calls between apps travel in this test."""
    from extract.call import LOCAL, Wire, bound
    from shop.routes import APP_LABELS

    with bound(Wire() if request.param == "wire" else LOCAL, *APP_LABELS):
        yield str(request.param)


@pytest.fixture
def together() -> Callable[..., list[Any]]:
    """Call a function in many threads that start at once."""
    from django.db import connections

    def run(function: Callable[[int], Any], count: int) -> list[Any]:
        gate = threading.Barrier(count)

        def one(number: int) -> Any:
            try:
                gate.wait()
                return function(number)
            except Exception as error:
                return error
            finally:
                connections.close_all()

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return run


@pytest.fixture(scope="session")
def _template() -> Template:
    return Template(_directory, _cluster, shared=Path(os.environ.get(SHARED, _directory)))


def _make_server(template: Template, *, demo: bool, env: dict[str, str]) -> Server:
    data_dir, where = template.copy(demo=demo)
    return Server(data_dir=data_dir, env={"ALLOWED_HOSTS": "", **where, **env})


@pytest.fixture(scope="session")
def shop_server(_template: Template) -> Iterator[str]:
    """The base URL of a served demo shop that the whole session shares."""
    server = _make_server(_template, demo=True, env={})
    yield server.start().base_url
    server.stop()


@pytest.fixture
def serve(_template: Template) -> Iterator[Callable[..., Server]]:
    """Start servers that end with the test."""
    servers: list[Server] = []

    def start(*, demo: bool = True, started: bool = True, **env: str) -> Server:
        server = _make_server(_template, demo=demo, env=env)
        servers.append(server)
        return server.start() if started else server

    yield start
    for server in servers:
        server.kill()
        shutil.rmtree(server.data_dir, ignore_errors=True)
        if _cluster is not None:
            _cluster.drop(server.env["DATABASE_URL"])


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis that the test may stop."""
    server = RedisServer(components.redis_server())
    yield server
    server.remove()


@pytest.fixture(scope="session")
def _rabbit_server() -> Iterator[RabbitServer]:
    server = RabbitServer(components.rabbitmq())
    yield server
    server.remove()


@pytest.fixture
def rabbitmq(_rabbit_server: RabbitServer) -> RabbitServer:
    """A RabbitMQ that the test may stop, whatever the one before has left of it."""
    _rabbit_server.start()
    _rabbit_server.flush()
    return _rabbit_server


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's executable."""
    return components.chromium()


@pytest.fixture(scope="session")
def sample_csv() -> Path:
    """Past sales to replay: the real file where it was named, else the repo's sample."""
    named = os.environ.get("RETAIL_CSV")
    return Path(named) if named else Path(__file__).parent / "data" / "online_retail_sample.csv"
