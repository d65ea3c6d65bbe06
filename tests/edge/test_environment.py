"""A process whose environment cannot work says so at once, in full, without a stack trace."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shop.environment import BASE_DIR
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


def test_a_secret_is_made_once_however_many_ask(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(lambda _: kept_secret(tmp_path, "key"), range(64)))
    (secret,) = secrets
    assert len(secret) >= 50
    (kept,) = (tmp_path / "secrets").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


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
