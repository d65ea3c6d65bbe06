"""What a container may do and know: as little as its work needs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.docker.stack import Stack

OWN = ("home", "home-worker", "identity", "agent", "gateway")
IMAGES = ("shop", "shop-gateway")


def _inspected(shop: Stack) -> list[dict[str, Any]]:
    ids = shop.compose("ps", "-a", "-q").split()
    return list(json.loads(shop.docker("inspect", *ids)))


def _secrets(shop: Stack) -> list[str]:
    """Every secret there is: keys as they are, of URLs the password."""
    files = shop.compose("exec", "-T", "home", "sh", "-c", "grep -r '' /run/secrets").splitlines()
    told = dict(line.split(":", 1) for line in files)
    private = {name: text for name, text in told.items() if not name.endswith("PUBLIC_KEYS")}
    return [
        text.partition("//")[2].partition("@")[0].rpartition(":")[2] if "//" in text else text
        for text in private.values()
    ]


def test_nothing_runs_as_root_or_can_write_to_its_image(shop: Stack) -> None:
    for service in OWN:
        assert shop.compose("exec", "-T", service, "id", "-u").strip() == "10001"
        for path in ("/srv/shop/here", "/usr/here", "/here"):
            tried = f"touch {path} 2>&1; true"
            said = shop.compose("exec", "-T", service, "bash", "-c", tried)
            assert "Read-only file system" in said
    for each in _inspected(shop):
        assert each["Config"]["User"].partition(":")[0] not in ("", "0", "root"), each["Name"]
        assert each["HostConfig"]["ReadonlyRootfs"], each["Name"]
        assert each["HostConfig"]["CapDrop"] == ["ALL"], each["Name"]


def test_a_role_sees_its_own_secrets_and_home_all(shop: Stack) -> None:
    shop.move_out("payment")
    keys = {
        service: shop.compose(
            "exec", "-T", service, "sh", "-c", "ls -d /run/secrets/*/*_KEY | xargs -n1 basename"
        ).split()
        for service in ("home", "identity", "payment", "payment-worker", "agent")
    }
    assert sorted(keys["payment"]) == ["PAGES_SECRET_KEY", "PAYMENT_SECRET_KEY"]
    assert sorted(keys["payment-worker"]) == ["PAGES_SECRET_KEY", "PAYMENT_SECRET_KEY"]
    assert sorted(keys["agent"]) == ["GATEWAY_SECRET_KEY", "PAGES_SECRET_KEY"]
    assert sorted(keys["identity"]) == ["IDENTITY_SECRET_KEY", "PAGES_SECRET_KEY", "SECRET_KEY"]
    assert {"PRODUCT_SECRET_KEY", "RECEIPT_SECRET_KEY", "SECRET_KEY"} < set(keys["home"])


def test_an_apps_database_user_sees_no_other_schema(shop: Stack) -> None:
    shop.move_out("payment")
    look = (
        "import os, pathlib, psycopg; "
        "url = pathlib.Path('/run/secrets/payment/PAYMENT_DATABASE_URL').read_text(); "
        "there = psycopg.connect(url, autocommit=True); "
        "print(there.execute('SELECT count(*) FROM payment_order').fetchone()); "
        "there.execute('SELECT count(*) FROM receipt.receipt_receipt')"
    )
    said = shop.compose("exec", "-T", "payment", "sh", "-c", f'python -c "{look}" 2>&1; true')
    assert said.startswith("(")
    assert "permission denied for schema receipt" in said


@pytest.mark.parametrize("path", ["/internal/instance/", "/internal/call/x/", "/%69nternal/"])
def test_what_is_for_instances_cannot_be_asked_for_from_outside(shop: Stack, path: str) -> None:
    assert shop.status_of(path) == 404


def test_databases_can_be_reached_by_instances_alone(shop: Stack) -> None:
    for each in _inspected(shop):
        service = each["Config"]["Labels"]["com.docker.compose.service"]
        published = list(each["HostConfig"]["PortBindings"] or {})
        assert published == (["8080/tcp"] if service == "gateway" else [])
    for host, port in (("postgres", 5432), ("redis", 6379)):
        look = f"(exec 3<>/dev/tcp/{host}/{port}) 2>&1 && echo reached; true"
        assert "reached" in shop.compose("exec", "-T", "home", "bash", "-c", look)
        assert "reached" not in shop.compose("exec", "-T", "gateway", "bash", "-c", look)


def test_no_secret_is_in_images_descriptions_or_logs(shop: Stack) -> None:
    secrets = _secrets(shop)
    assert len(secrets) > 10
    assert min(map(len, secrets)) >= 16
    said = "".join(
        [
            *(shop.docker("history", "--no-trunc", f"{each}:test") for each in IMAGES),
            *(shop.docker("inspect", f"{each}:test") for each in IMAGES),
            json.dumps(_inspected(shop)),
            shop.logs(),
        ]
    )
    assert [secret for secret in secrets if secret in said] == []
