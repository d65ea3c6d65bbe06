"""Workers of a fleet: they come and go with their app, and their queue goes where they are."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.fleets import Fleet, wait_until
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop


@pytest.fixture(scope="module")
def fleet(make_fleet: Callable[[], Fleet]) -> Fleet:
    """Receipt may not come home."""
    bare = make_fleet()
    bare.env["EXTRACT_COME_HOME"] = "product,payment,invoice"
    return bare.start("home=1", "payment=1", "receipt=1")


@pytest.fixture
def buy(fleet: Fleet) -> Iterator[Callable[[], str]]:
    transport = HttpTransport(fleet.base_url)
    shop = Shop(transport)
    sku = str(shop.request("GET", "/api/products/").json["results"][0]["sku"])
    yield lambda: str(shop.buy(**{sku: 1})["order"])
    transport.close()


@pytest.fixture
def sent(fleet: Fleet) -> Callable[[], int]:
    """How many receipts were mailed since the test began."""
    mails = fleet.data_dir / "mails"

    def count() -> int:
        return len(list(mails.glob("*.eml"))) if mails.exists() else 0

    before = count()
    return lambda: count() - before


def queue(fleet: Fleet, app: str = "receipt") -> dict[str, Any]:
    return dict(fleet.status()["apps"][app]["queue"])


def manage(fleet: Fleet, *arguments: str) -> None:
    done = fleet.manage("extract", *arguments)
    assert done.returncode == 0, done.stderr


def test_workers_are_listed_apart(fleet: Fleet) -> None:
    status = fleet.status()
    listed = {(each["app"], each["id"]) for each in status["workers"]}
    running = {(role, id) for role in ("home", "payment", "receipt") for id in fleet.workers(role)}
    assert listed == running
    assert {each["app"] for each in status["instances"]} == {
        "home", "identity", "payment", "receipt",
    }  # fmt: skip


def test_without_workers_a_queue_grows_and_nobody_who_buys_notices(
    fleet: Fleet, buy: Callable[[], str], sent: Callable[[], int]
) -> None:
    manage(fleet, "scale", "receipt-worker", "0")
    for _ in range(3):
        buy()
    wait_until(lambda: queue(fleet)["depth"] == 3)
    assert queue(fleet)["oldest"] > 0
    assert sent() == 0
    manage(fleet, "scale", "receipt-worker", "1")
    wait_until(lambda: queue(fleet)["depth"] == 0)
    assert sent() == 3


def test_a_killed_worker_is_replaced_and_its_work_done(
    fleet: Fleet, buy: Callable[[], str], sent: Callable[[], int]
) -> None:
    ((_, pid),) = fleet.workers("receipt").items()
    os.kill(pid, signal.SIGKILL)
    buy()
    wait_until(lambda: sent() == 1)
    assert pid not in fleet.workers("receipt").values()


def test_a_drained_worker_takes_nothing_until_it_is_enabled(
    fleet: Fleet, buy: Callable[[], str], sent: Callable[[], int]
) -> None:
    ((id, pid),) = fleet.workers("receipt").items()
    manage(fleet, "drain", id)
    assert "draining" in [w["health"] for w in fleet.status()["workers"]]
    # The worker hears of it a moment later.
    logs = list(fleet.logs.glob("receipt-worker-*.log"))
    wait_until(lambda: any("worker.drained" in log.read_text() for log in logs))
    buy()
    wait_until(lambda: queue(fleet)["messages"] == 1)
    assert sent() == 0
    manage(fleet, "enable", id)
    wait_until(lambda: sent() == 1)
    assert fleet.workers("receipt") == {id: pid}


def test_payments_own_relay_asks_receipt_what_arrived(
    fleet: Fleet, buy: Callable[[], str], sent: Callable[[], int]
) -> None:
    for _ in range(5):
        buy()
    wait_until(lambda: sent() == 5)
    wait_until(lambda: _waiting(fleet) == 0)
    said = (fleet.logs / "payment-1.log").read_text()
    assert "background.failing" not in said
    assert "relay.asking_failed" not in said


def _waiting(fleet: Fleet) -> int:
    """How many of payment's events are not confirmed."""
    told = fleet.manage(
        "shell", "--no-imports", "-c",
        "from extract.event.models import OutboxEvent as O;"
        "print(O.objects.using('payment').filter(state='waiting').count())",
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    return int(told.stdout)


def test_an_app_that_comes_home_brings_its_queue(
    fleet: Fleet, buy: Callable[[], str], sent: Callable[[], int]
) -> None:
    manage(fleet, "scale", "payment", "0")
    assert fleet.workers("payment") == {}
    buy()
    wait_until(lambda: sent() == 1)
    manage(fleet, "scale", "payment", "1")
    assert len(fleet.workers("payment")) == 1
    buy()
    wait_until(lambda: sent() == 2)
