"""Two releases serve side by side: an old payment and a new one, on what the new one migrated."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from extract.queue.broker import broker_url
from extract.registry import Instance, Kind, RedisRegistry
from tests.fleets import ROOT, Fleet, wait_until
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

MIGRATION = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payment", "{last}")]
    operations = [
        migrations.AddField("order", "written_by", models.CharField(max_length=20, null=True)),
    ]
"""


@pytest.fixture(scope="module")
def next_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout of a release whose orders have a column more, and whose news of them a field."""
    to = tmp_path_factory.mktemp("next")
    for each in ("manage.py", "pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / each, to)
    for each in ("apps", "extract", "shop"):
        shutil.copytree(ROOT / each, to / each, ignore=shutil.ignore_patterns("__pycache__"))
    payment = to / "apps" / "payment"
    migrations = payment / "migrations"
    last = max(each.stem for each in migrations.glob("[0-9]*.py"))
    (migrations / "9999_written_by.py").write_text(MIGRATION.format(last=last))
    column = '    written_by = models.CharField(max_length=20, null=True, default="next")\n'
    _add(payment / "models.py", "class Order(models.Model):\n", column)
    _add(payment / "contract.py", "    invoice: str\n", '    written_by: str = "next"\n')
    return to


def _add(file: Path, after: str, line: str) -> None:
    text = file.read_text()
    assert text.count(after) == 1
    file.write_text(text.replace(after, after + line))


@contextmanager
def _serving(fleet: Fleet, checkout: Path) -> Iterator[str]:
    """One more payment, of that checkout; its id."""
    before, log = set(_instances(fleet)), fleet.data_dir / f"{checkout.name}.log"
    told = {"REDIS_URL": fleet.redis_url, "CELERY_BROKER_URL": broker_url(fleet.redis_url)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-B", "manage.py", "extract", "serve", "payment"],
            cwd=checkout, env={**fleet.env, **told},
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        wait_until(lambda: set(_instances(fleet)) - before or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        (id,) = set(_instances(fleet)) - before
        yield id
        process.send_signal(signal.SIGTERM)
        assert process.wait(45) == 0
    finally:
        process.kill()
        process.wait()


def _instances(fleet: Fleet) -> dict[str, str]:
    """Where the payments are that have registered, by id."""
    registry = RedisRegistry(fleet.redis_url)
    try:
        snapshot = registry.look()
    finally:
        registry.close()
    found = (msgspec.json.decode(each.signed.payload, type=Instance) for each in snapshot.records)
    return {
        each.id: each.address
        for each in found
        if each.role == "payment" and each.kind is Kind.SERVER and each.id not in snapshot.withdrawn
    }


class Till:
    """Buys, and keeps the receipts."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        found = shop.request("GET", "/api/products/").json["results"]
        self._sku = next(each["sku"] for each in found if each["available"] >= 50)
        self.orders: list[dict[str, str]] = []

    def buy(self) -> str:
        """The id of who took it."""
        cart = self._shop.filled_cart(**{self._sku: 1})
        # Instances take turns: of three, one would take all checkouts if that were three requests.
        assert self._shop.cart(cart).status == 200
        answer = self._shop.checkout(cart, key=cart)
        assert answer.status == 201, answer.text
        taken_by = answer.headers["x-served-by"].removeprefix("payment/")
        self.orders.append({**answer.json, "by": taken_by})
        return taken_by

    def are_all_mailed(self) -> bool:
        answers = [self._shop.receipt(each["order"], access=each["access"]) for each in self.orders]
        return all(one.status == 200 and one.json["status"] == "sent" for one in answers)


def test_an_old_instance_and_a_new_one_sell_side_by_side(
    make_fleet: Callable[[], Fleet], next_release: Path
) -> None:
    fleet = make_fleet().start("home=1", "payment=1")
    transport = HttpTransport(fleet.base_url)
    till = Till(Shop(transport))
    (old,) = _instances(fleet)
    assert till.buy() == old

    migrated = Fleet(fleet.data_dir, fleet.env, root=next_release).manage("migrate", "payment")
    assert migrated.returncode == 0, migrated.stderr
    assert till.buy() == old

    # Whoever goes back starts an old one on what the new release has migrated.
    with _serving(fleet, ROOT) as back, _serving(fleet, next_release) as new:
        assert _is_ready(_instances(fleet)[back])
        taken = {till.buy()}
        while taken < {old, back, new}:
            assert len(till.orders) < 50, f"of {old}, {back} and {new} only {taken} took orders"
            taken.add(till.buy())
    assert till.buy() == old

    wait_until(till.are_all_mailed)
    transport.close()
    audited = fleet.manage("extract", "audit")
    assert audited.returncode == 0, audited.stdout
    assert _written_by(fleet) == {each["order"]: each["by"] == new for each in till.orders}


def _is_ready(address: str) -> bool:
    with urllib.request.urlopen(f"http://{address}/health/ready/", timeout=10) as ready:
        return bool(ready.status == 200)


def _written_by(fleet: Fleet) -> dict[str, bool]:
    """Of each order, whether the next release wrote it."""
    with sqlite3.connect(fleet.data_dir / "payment.sqlite3") as payment:
        rows = payment.execute("SELECT id, written_by FROM payment_order").fetchall()
    return {str(uuid.UUID(id)): by == "next" for id, by in rows}
