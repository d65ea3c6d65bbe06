"""What is done before the first instance of a shop in containers: secrets, owners, tables."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from extract.trust import RoleKeys
from shop.routes import APP_LABELS
from tests import components
from tests.postgres import Cluster

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **env},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def make_secrets(directory: Path, *options: str, **env: str) -> dict[str, str]:
    """All of them, as ``group/NAME``."""
    done = run("-m", "shop.make_secrets", str(directory), *options, **env)
    assert done.returncode == 0, done.stderr
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): path.read_text() for path in files}


def test_secrets_are_made_once_and_fit_each_other(tmp_path: Path) -> None:
    made = make_secrets(tmp_path)
    assert make_secrets(tmp_path) == made
    public = dict(each.split("=", 1) for each in made["shared/EXTRACT_PUBLIC_KEYS"].split(","))
    assert public["payment"] == str(RoleKeys("payment", made["payment/PAYMENT_SECRET_KEY"]).public)
    assert public["home"] == str(RoleKeys("home", made["home/SECRET_KEY"]).public)
    password = made["shared/REDIS_URL"].partition("//:")[2].partition("@")[0]
    assert f"requirepass {password}\n" in made["redis/redis.conf"]
    assert made["shared/CELERY_BROKER_URL"] == made["shared/REDIS_URL"]
    assert make_secrets(tmp_path / "other")["home/SECRET_KEY"] != made["home/SECRET_KEY"]


def test_a_folder_holds_nothing_of_another_role(tmp_path: Path) -> None:
    made = make_secrets(tmp_path)
    for app in APP_LABELS:
        names = {name.partition("/")[2] for name in made if name.startswith(f"{app}/")}
        assert names == {f"{app.upper()}_SECRET_KEY", f"{app.upper()}_DATABASE_URL"}
    private = [tmp_path / name for name in made if name.endswith("_SECRET_KEY")]
    assert {path.stat().st_mode & 0o077 for path in private} == {0}


def test_a_broker_and_a_mail_server_hold_until_others_are_told(tmp_path: Path) -> None:
    assert "EMAIL_URL" not in str(make_secrets(tmp_path))
    told = make_secrets(tmp_path, "--broker", "rabbitmq", "--email-url", "smtp://mail:25")
    assert told["shared/CELERY_BROKER_URL"].startswith("amqp://shop:")
    assert told["shared/EMAIL_URL"] == "smtp://mail:25"
    assert make_secrets(tmp_path) == told
    back = make_secrets(tmp_path, "--broker", "redis", "--email-url", "none")
    assert back["shared/CELERY_BROKER_URL"] == back["shared/REDIS_URL"]
    assert "shared/EMAIL_URL" not in back


def test_an_authorization_server_is_told_as_a_whole(tmp_path: Path) -> None:
    """Its client's secret is one, to home, identity and Keycloak."""
    before = make_secrets(tmp_path)
    secret = before["identity/OIDC_CLIENT_SECRET"]
    assert f"OIDC_CLIENT_SECRET={secret}\n" in before["keycloak/keycloak.env"]
    inside = {
        "OIDC_ISSUER": "http://localhost:8180/realms/shop",
        "OIDC_INTERNAL_URL": "http://keycloak:8080/realms/shop",
        "SHOP_URL": "http://gateway:8080",
    }
    told = make_secrets(tmp_path, **inside)
    assert {f"shared/{name}": url for name, url in inside.items()}.items() <= told.items()
    assert make_secrets(tmp_path) == told
    elsewhere = {"OIDC_ISSUER": "https://login.example.com", "OIDC_CLIENT_SECRET": "it's a secret"}
    other = make_secrets(tmp_path, **elsewhere)
    assert other["shared/OIDC_ISSUER"] == "https://login.example.com"
    assert not {"shared/OIDC_INTERNAL_URL", "shared/SHOP_URL"} & other.keys()
    assert other["identity/OIDC_CLIENT_SECRET"] == "it's a secret"
    variables = tmp_path / "keycloak" / "keycloak.env"
    read = f'. {variables}; printf %s "$OIDC_CLIENT_SECRET"'
    assert subprocess.check_output(["sh", "-c", read], text=True) == "it's a secret"
    assert "shared/OIDC_ISSUER" not in make_secrets(tmp_path, "--oidc-issuer", "none")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster(components.needed("PostgreSQL", components.postgresql()))
    yield cluster
    cluster.stop()


def test_each_app_owns_its_schema_and_sees_no_other(cluster: Cluster, tmp_path: Path) -> None:
    admin = cluster.create()

    def url(user: str) -> str:
        return admin.replace("postgres@", f"{user}:its-own-password@")

    env = {
        "DATA_DIR": str(tmp_path),
        "ADMIN_DATABASE_URL": admin,
        "DATABASE_URL": url("home"),
        **{f"{app.upper()}_DATABASE_URL": url(app) for app in APP_LABELS},
    }
    for _ in range(2):
        done = run("-m", "shop.set_up", **env)
        assert done.returncode == 0, done.stderr
        assert "The databases are ready" in done.stdout
    with psycopg.connect(url("payment"), autocommit=True) as payment:
        assert payment.execute("SELECT count(*) FROM payment_order").fetchone() == (0,)
        for foreign in ("receipt.receipt_receipt", "public.accounts_user"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                payment.execute(f"SELECT count(*) FROM {foreign}".encode())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sell"], "There is no role 'sell'."),
        ([], "There is no role ''."),
        (["serve"], "There is no role 'serve'."),
        (["secrets", "/proc/here"], "The secrets cannot be made"),
    ],
)
def test_a_container_says_what_it_cannot_be(words: list[str], said: str) -> None:
    done = run("docker/entry.py", *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_container_that_nobody_answers_in_is_not_healthy() -> None:
    done = run("docker/entry.py", "health", EXTRACT_ADDRESS="127.0.0.1:1")
    assert done.returncode == 1
    assert "does not answer" in done.stdout
