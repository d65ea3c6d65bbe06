"""Servers that the environment names and that cannot be used: what ``make run`` says of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from shop import reaching
from tests import components
from tests.apps.receipt.mailserver import mail_server
from tests.conftest import SHOP_VARIABLES
from tests.fleets import wait_until
from tests.ports import free_port
from tests.postgres import Cluster
from tests.redis_server import RedisServer

pytestmark = pytest.mark.sqlite  # it names its own servers
ROOT = Path(__file__).resolve().parents[2]


def bare_environment(directory: Path, **env: str) -> dict[str, str]:
    """This one, without what it says of the shop."""
    kept = {name: text for name, text in os.environ.items() if not name.endswith(SHOP_VARIABLES)}
    return {**kept, "DATA_DIR": str(directory), "PORT": str(free_port()), **env}


class Start:
    """``python -m shop.start`` in this environment, with nothing else set."""

    def __init__(self, directory: Path, **env: str) -> None:
        self.env = bare_environment(directory, **env)
        self.log = directory / "log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "shop.start"], cwd=ROOT, env=self.env, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text()

    def refused(self) -> str:
        """What it said before it ended by itself."""
        assert self._process.wait(25) == 1, self.said()
        assert "Traceback" not in self.said()
        assert '{"' not in self.said(), "no log lines, one sentence"
        return self.said()

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(40)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Start]]:
    started: list[Start] = []

    def begin(**env: str) -> Start:
        started.append(Start(tmp_path, **env))
        return started[-1]

    yield begin
    for each in started:
        each.end()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """With a role that has a password, and one that may do nothing in ``postgres``."""
    cluster = Cluster(components.needed("PostgreSQL", components.postgresql()))
    hba = cluster.directory / "data" / "pg_hba.conf"
    hba.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{hba.read_text()}")
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
        connection.execute("CREATE ROLE lowly LOGIN")
        connection.execute("SELECT pg_reload_conf()")
    yield cluster
    cluster.stop()


@pytest.mark.parametrize(
    ("user", "database", "why"),
    [
        ("guarded:wrong", "postgres", 'password authentication failed for user "guarded"'),
        ("nobody", "postgres", 'role "nobody" does not exist'),
        ("postgres", "nowhere", 'database "nowhere" does not exist'),
        ("lowly", "postgres", 'GRANT CREATE ON DATABASE "postgres" TO "lowly"'),
    ],
)
def test_a_database_that_refuses_is_one_sentence(
    start: Callable[..., Start], cluster: Cluster, user: str, database: str, why: str
) -> None:
    said = start(DATABASE_URL=f"postgresql://{user}@127.0.0.1:{cluster.port}/{database}").refused()
    assert said.count("DATABASE_URL cannot be used") == 1
    assert why in said
    assert "wrong" not in said


@pytest.fixture(params=["", "ignore_startup_parameters = options"], ids=["as it comes", "ignoring"])
def pooler(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[str]:
    """The URL of Debian's PgBouncer in transaction mode."""
    executable = components.pgbouncer()
    directory = Path(tempfile.mkdtemp(prefix="shop-pgbouncer-"))
    port = free_port()
    (directory / "ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={cluster.port} user=postgres\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = transaction\n{request.param}\n"
    )
    who: dict[str, Any] = {}
    if os.geteuid() == 0:  # which PgBouncer refuses to be
        shutil.chown(directory, "postgres", "postgres")
        who = {"user": "postgres", "group": "postgres", "extra_groups": []}
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [executable, "ini"],
            cwd=directory,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **who,
        )
    wait_until(lambda: "process up" in (directory / "log").read_text())
    yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    process.terminate()
    process.wait(20)
    shutil.rmtree(directory)


def test_a_pooler_that_drops_the_schema_is_refused_before_anything_is_made(
    start: Callable[..., Start], cluster: Cluster, pooler: str
) -> None:
    assert reaching.NO_SCHEMAS in start(DATABASE_URL=pooler).refused()
    with psycopg.connect(cluster.url()) as connection:
        made = connection.execute("SELECT FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert made == []


def test_all_that_refuse_are_named_at_once(
    start: Callable[..., Start], cluster: Cluster, redis: RedisServer, rabbitmq: Any
) -> None:
    said = start(
        DATABASE_URL=cluster.url("nowhere"),
        REDIS_URL=redis.url.replace("//", "//somebody:secret-of-redis@"),
        CELERY_BROKER_URL=rabbitmq.url.replace("guest@", "secret-of-rabbit@"),
    ).refused()
    for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"):
        assert f"{name} cannot be used" in said
    assert "secret-of" not in said


def test_a_server_that_is_away_is_waited_for(
    start: Callable[..., Start], redis: RedisServer
) -> None:
    redis.stop()
    started = start(REDIS_URL=redis.url)
    wait_until(lambda: "Waiting for REDIS_URL" in started.said())
    redis.start()
    wait_until(lambda: "The shop is at" in started.said(), 60)
    assert started.said().count("Waiting for REDIS_URL") == 1


@pytest.mark.parametrize("kilobytes", [20, 1500])
def test_a_full_disk_is_one_sentence(tmp_path: Path, kilobytes: int) -> None:
    """As far as files may grow: at first the databases find no room, then the static files."""
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f {kilobytes}; exec {sys.executable} -m shop.start"], cwd=ROOT,
        env=bare_environment(tmp_path / "data"),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert f"The shop cannot be set up in {tmp_path / 'data'}: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address where nobody listens, and not much patience."""
    monkeypatch.setattr(reaching, "PATIENCE", 0.6)
    return f"127.0.0.1:{free_port()}"


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_one_that_stays_away_ends_the_start(settings: Any, nowhere: str) -> None:
    settings.REDIS_URL = f"redis://{nowhere}/0"
    settings.CELERY_BROKER_URL = f"amqp://guest:guest@{nowhere}//"
    settings.DATABASES = {
        **settings.DATABASES,
        "default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "shop",
            "PASSWORD": "", "HOST": "127.0.0.1", "PORT": nowhere.rpartition(":")[2],
            "OPTIONS": {"pool": {}, "options": "-c search_path=public"},
        },
    }  # fmt: skip
    told: list[str] = []
    began = time.monotonic()
    refused = reaching.reach_servers(told.append)
    assert time.monotonic() - began >= reaching.PATIENCE
    for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"):
        assert [line for line in refused if line.startswith(f"{name} does not answer")]
        assert [line for line in told if line.startswith(f"Waiting for {name} (")]


def test_mail_that_cannot_be_sent_yet_keeps_nobody_from_buying(settings: Any, nowhere: str) -> None:
    settings.EMAIL_BACKEND = reaching.SMTP
    settings.EMAIL_HOST, port = nowhere.split(":")
    settings.EMAIL_PORT = int(port)
    told: list[str] = []
    assert reaching.reach_servers(told.append) == []
    assert [line for line in told if "Mails wait until EMAIL_URL can be reached" in line]


def test_a_mail_server_that_refuses_the_sign_in_is_one_sentence(settings: Any) -> None:
    with mail_server(settings) as server:
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "shop", "wrong"
        server.answers = {"EHLO": "250-me\r\n250 AUTH PLAIN", "AUTH": "535 who are you"}
        (said,) = reaching.reach_servers([].append)
        assert said.startswith("EMAIL_URL cannot be used: 127.0.0.1 refused the sign-in (")
        server.answers["EHLO"] = "250 me"
        (said,) = reaching.reach_servers([].append)
        assert "refused the sign-in" in said, "it knows no way to sign in"
        server.answers = {"EHLO": "250-me\r\n250 AUTH PLAIN", "AUTH": "235 go on"}
        assert reaching.reach_servers([].append) == []
