"""A process whose environment cannot work says so at once, in full, without a stack trace."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from shop.environment import BASE_DIR, Environment, read_environment
from shop.secrets import kept_secret

WRONG = {
    "SECRET_KEY": "short",
    "DEBUG": "perhaps",
    "DATABASE_URL": "mysql://localhost/shop",
    "PAYMENT_DATABASE_URL": "postgresql://localhost",
    "REDIS_URL": "localhost:6379",
    "CELERY_BROKER_URL": "nonsense",
    "EMAIL_URL": "http://mail",
    "THROTTLE": "sometimes",
    "EXTRACT_APPS": "payment,warehouse",
    "EXTRACT_ROLE": "warehouse",
    "EXTRACT_ADDRESS": "product",
    "EXTRACT_COME_HOME": "payment,warehouse",
    "EXTRACT_PUBLIC_KEYS": "product=none",
    "BASE_URL": "https://shop.example.com/shop",
    "TRUSTED_PROXIES": "10.0.0.5/8",
    "OIDC_ISSUER": "http://login.example.com/realms/shop",
    "OIDC_INTERNAL_URL": "keycloak:8080",
    "SHOP_URL": "gateway:8080",
    "METRICS_TOKEN": "two words",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318",
    "ELASTICSEARCH_URL": "http://elastic:hunter2",
    "UPLOAD_MAX_SIZE": "20 parsecs",
    "CURRENCY": "JPY",
    "SELLER_COUNTRY": "Narnia",
    "TIME_ZONE": "Europe",
}


@pytest.mark.parametrize(
    "program", ["manage.py check", "-m gunicorn -c python:shop.serving shop.wsgi"]
)
def test_every_mistake_is_reported_at_once(program: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, *program.split()],
        cwd=BASE_DIR,
        env={**os.environ, "DATA_DIR": str(tmp_path), "PORT": "0", **WRONG},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert [name for name in WRONG if f"  {name}: " not in said] == []
    assert "Traceback" not in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("shop_name = ", "  SHOP_FILE: {file} is no TOML in UTF-8: "),
        ("seller_name = 'x'", "  SELLER_NAME: there is no such setting; in a file the seller is"),
        ("[seller]\nname = 'x'", "  SELLER_CITY: must be told, since other things of the seller"),
        (None, "  SHOP_FILE: {file} cannot be read: No such file or directory."),
    ],
)
def test_so_is_what_the_operators_file_gets_wrong(
    content: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "shop.toml"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SHOP_FILE", str(file))
    monkeypatch.setenv("THROTTLE", "sometimes")
    with pytest.raises(SystemExit) as ended:
        read_environment()
    assert said.format(file=file) in str(ended.value)
    assert "  THROTTLE: " in str(ended.value)


def test_a_secret_is_made_once_however_many_ask(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(lambda _: kept_secret(tmp_path, "key"), range(64)))
    (secret,) = secrets
    assert len(secret) >= 50
    (kept,) = (tmp_path / "secrets").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("before", [None, 0o755, 0o700])
def test_the_data_directory_is_nobody_elses_to_read(tmp_path: Path, before: int | None) -> None:
    directory = tmp_path / "data"
    if before is not None:
        directory.mkdir()
        directory.chmod(before)
    assert directory == Environment(DATA_DIR=directory).DATA_DIR
    assert _mode(directory) == 0o700


def test_a_directory_that_is_everybodys_is_no_data_directory(tmp_path: Path) -> None:
    directory = tmp_path / "shared"
    directory.mkdir()
    directory.chmod(0o1777)
    with pytest.raises(ValidationError, match="name a directory of the shop's own"):
        Environment(DATA_DIR=directory)
    assert directory.stat().st_mode & 0o7777 == 0o1777


def test_a_role_needs_the_registry(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=BASE_DIR,
        env={**os.environ, "DATA_DIR": str(tmp_path), "EXTRACT_ROLE": "product"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "EXTRACT_ROLE: needs REDIS_URL" in done.stderr) == (1, True)


def test_a_file_may_tell_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret of payment's own\n")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PAYMENT_SECRET_KEY_FILE", str(secret))
    monkeypatch.delenv("PAYMENT_SECRET_KEY", raising=False)
    environment, _ = read_environment()
    assert environment.secret_key("payment") == "a secret of payment's own"


def test_files_that_tell_nothing_are_named_with_all_other_mistakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "latin").write_bytes(b"\xe9" * 20)
    (tmp_path / "short").write_text("short\n")
    for name, value in {
        "DATA_DIR": str(tmp_path), "DEBUG": "perhaps",
        "SECRET_KEY": "long enough to be a secret", "SECRET_KEY_FILE": str(tmp_path / "short"),
        "PAYMENT_SECRET_KEY_FILE": str(tmp_path / "short"),
        "PRODUCT_SECRET_KEY_FILE": str(tmp_path / "latin"),
        "DATABASE_URL_FILE": str(tmp_path / "nowhere"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as end:
        read_environment()
    for sentence in (
        "  DEBUG: ",
        "  SECRET_KEY_FILE: SECRET_KEY is set as well; unset one of the two.",
        "  PAYMENT_SECRET_KEY: a secret key needs at least 16 characters.",
        f"  PRODUCT_SECRET_KEY_FILE: {tmp_path}/latin cannot be read (it is not UTF-8).",
        f"  DATABASE_URL_FILE: {tmp_path}/nowhere cannot be read (No such file or directory).",
    ):
        assert sentence in str(end.value)
