"""What a process of each role can open and sign: its own, and no more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shop.environment import BASE_DIR, ROLES
from shop.routes import APP_LABELS

_LOOK = """
import json, django
django.setup()
from django.conf import settings
from django.db import connections
def opens(alias):
    try:
        connections[alias].ensure_connection()
        return True
    except Exception:
        return False
print(json.dumps({
    "apps": settings.EXTRACT_APPS,
    "opens": [alias for alias in connections if opens(alias)],
    "secrets": settings.EXTRACT_ROLE_SECRETS,
    "app_keys": sorted(settings.APP_SECRET_KEYS),
    "signs": settings.SECRET_KEY,
    "pages": settings.PAGES_SECRET_KEY,
    "public": settings.EXTRACT_PUBLIC_KEYS,
}))
"""


def look(data_dir: Path, **env: str) -> dict[str, Any]:
    """What a process with that environment holds."""
    done = subprocess.run(
        [sys.executable, "-c", _LOOK],
        cwd=BASE_DIR,
        env={**os.environ, "DATA_DIR": str(data_dir), "DATABASE_URL": "", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What a process of each role holds, "" for the monolith, all on one machine."""
    data_dir = tmp_path_factory.mktemp("roles")
    redis = "redis://127.0.0.1:1/0"
    return {role: look(data_dir, EXTRACT_ROLE=role, REDIS_URL=redis) for role in ("", *ROLES)}


def test_an_app_has_its_own_database_and_secret_and_no_others(seen: dict[str, Any]) -> None:
    for app in APP_LABELS:
        assert seen[app]["apps"] == seen[app]["opens"] == [app]
        assert list(seen[app]["secrets"]) == seen[app]["app_keys"] == [app]


def test_home_and_the_monolith_hold_everything(seen: dict[str, Any]) -> None:
    for role in ("", "home"):
        assert seen[role]["apps"] == list(APP_LABELS)
        assert sorted(seen[role]["opens"]) == sorted(["default", *APP_LABELS])
        assert sorted(seen[role]["secrets"]) == sorted(ROLES)
        assert seen[role]["app_keys"] == sorted(APP_LABELS)


@pytest.mark.parametrize("role", ["identity", "gateway"])
def test_identity_and_gateway_hold_no_apps_data(seen: dict[str, Any], role: str) -> None:
    assert (seen[role]["apps"], seen[role]["opens"]) == ([], ["default"])
    assert list(seen[role]["secrets"]) == [role]


def test_each_app_signs_with_a_key_of_its_own(seen: dict[str, Any]) -> None:
    assert len({seen[role]["signs"] for role in ("home", "gateway", *APP_LABELS)}) == 6
    assert seen["identity"]["signs"] == seen["home"]["signs"] == seen[""]["signs"], "of sessions"
    assert len({seen[role]["pages"] for role in ROLES}) == 1, "any app shows another's messages"


def test_all_roles_believe_the_same_public_keys(seen: dict[str, Any]) -> None:
    assert sorted(seen["home"]["public"]) == sorted(ROLES)
    assert all(seen[role]["public"] == seen["home"]["public"] for role in ROLES)


def test_with_public_keys_told_a_process_reads_no_others_secret(
    seen: dict[str, Any], tmp_path: Path
) -> None:
    told = ",".join(f"{role}={key}" for role, key in seen["home"]["public"].items())
    found = look(
        tmp_path,
        EXTRACT_ROLE="product",
        REDIS_URL="redis://127.0.0.1:1/0",
        EXTRACT_PUBLIC_KEYS=told,
        PRODUCT_SECRET_KEY="products-own-secret",
        PAGES_SECRET_KEY="a-key-for-all-pages",
    )
    assert found["public"] == seen["home"]["public"]
    assert not (tmp_path / "secrets").exists()
