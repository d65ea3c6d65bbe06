"""The shop on a swarm: a version comes, and one goes again by itself, while people buy."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException

import pytest

from tests.docker.stack import wait_until
from tests.docker.swarm import CALM, ILL, INSTANCES, NEW, OLD, Swarm, SwarmBooks, one_node
from tests.load.campaign import planned
from tests.load.driver import Mix, drive
from tests.load.log import Log

pytestmark = pytest.mark.timeout(600)

AROUND = 4.0
"""Seconds of load before and after a change."""
LONGEST = 300.0
PAYMENTS = ("/api/carts/", "/api/checkout/", "/api/orders/")
SHARED = {
    "CELERY_BROKER_URL", "EMAIL_URL", "EXTRACT_PUBLIC_KEYS", "METRICS_TOKEN", "PAGES_SECRET_KEY",
    "REDIS_URL",
}  # fmt: skip
STORES = {
    "postgres": (5432, r"\0\0\0\10\4\322\26\57", ("S", "N")),
    "redis": (6379, r"PING\r\n", ("+", "-")),
}
"""Each with its port, a question in its language and the first letters of what it answers."""


@pytest.fixture(scope="module")
def swarm(tmp_path_factory: pytest.TempPathFactory, figures: list[str]) -> Iterator[Swarm]:
    with one_node():
        swarm = Swarm(tmp_path_factory.mktemp("secrets"))
        swarm.build()
        try:
            began = time.monotonic()
            swarm.deploy()
            wait_until(lambda: _asked(swarm.port, "/products/")[0] == 200, CALM)
            figures.append(f"swarm: first page after {time.monotonic() - began:.1f} s")
            wait_until(lambda: len(swarm.payment()) == INSTANCES, CALM)
            yield swarm
        finally:
            swarm.remove()


def _asked(port: int, path: str) -> tuple[int, str]:
    """The status, and who answered by its own word; 0 where nobody does."""
    asking = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        asking.request("GET", path)
        answer = asking.getresponse()
        return answer.status, answer.headers["X-Served-By"]
    except (OSError, HTTPException):
        return 0, ""
    finally:
        asking.close()


@pytest.fixture(scope="module")
def sales(swarm: Swarm) -> SwarmBooks:
    return SwarmBooks(swarm)


Change = Callable[[], None]


@pytest.fixture
def while_people_buy(
    swarm: Swarm, sales: SwarmBooks, request: pytest.FixtureRequest, figures: list[str]
) -> Callable[[Change], Log]:
    """``while_people_buy(change)``: what they saw before, while and after it was made.

    Nothing may fail, and what the clients were told must be what the databases say.
    """

    def while_people_buy(change: Change) -> Log:
        took = 0.0
        seed = zlib.crc32(request.node.name.encode())

        def disturb(over: threading.Event) -> None:
            nonlocal took
            over.wait(AROUND)
            began = time.monotonic()
            change()
            took = time.monotonic() - began
            over.wait(AROUND)

        before = set(sales.orders())
        log = drive(
            swarm.base_url, sales.skus, seconds=LONGEST, seed=seed, mix=Mix(rate=2.0),
            disturb=disturb, until_done=True,
        )  # fmt: skip
        figures.append(
            f"swarm: {request.node.name}: {took:.1f} s, {len(log.entries)} requests, "
            f"{len(log.orders)} orders, {len(log.failures())} failed"
        )
        assert planned(log) == []
        assert log.orders
        assert sales.disagreements(log, before=before) == []
        return log

    return while_people_buy


def test_a_new_version_comes_while_people_buy(
    swarm: Swarm, while_people_buy: Callable[[Change], Log]
) -> None:
    before = swarm.payment()
    assert list(before.values()) == [OLD] * INSTANCES

    def change() -> None:
        assert swarm.update(NEW) == "completed"

    log = while_people_buy(change)
    after = swarm.payment()
    assert list(after.values()) == [NEW] * INSTANCES
    assert _who_served(log) <= {f"payment/{id}" for id in (*before, *after)}
    # Those that went had the time to finish what was under way.
    assert swarm.endings("payment")[:INSTANCES] == [0] * INSTANCES
    assert _who_serves(swarm.port) <= {f"payment/{id}" for id in after}


def test_a_version_that_never_gets_healthy_goes_again_by_itself(
    swarm: Swarm, while_people_buy: Callable[[Change], Log]
) -> None:
    before = swarm.payment()

    # It is not given as long to get well as others are.
    hurry = ("--health-start-period", "1s", "--health-retries", "2")

    def change() -> None:
        assert swarm.update(ILL, *hurry) == "rollback_completed"

    log = while_people_buy(change)
    after = swarm.payment()
    assert sorted(after.values()) == sorted(before.values())
    assert not any(who.startswith("home") for who in _who_served(log))
    assert _who_serves(swarm.port) <= {f"payment/{id}" for id in after}
    assert swarm.endings("payment")[0] == 0


def _who_served(log: Log) -> set[str]:
    """What is payment's."""
    return {entry.served_by for entry in log.entries if entry.path.startswith(PAYMENTS)}


def _who_serves(port: int) -> set[str]:
    return {_asked(port, "/cart/")[1] for _ in range(8)}


def test_only_the_gateway_is_published_and_only_instances_reach_the_stores(swarm: Swarm) -> None:
    published = {
        name: [port["PublishedPort"] for port in each["Endpoint"].get("Ports", ())]
        for name, each in swarm.services().items()
    }
    assert {name: ports for name, ports in published.items() if ports} == {"gateway": [swarm.port]}
    for host, (port, hello, answers) in STORES.items():
        address = swarm.inside("home", "getent", "hosts", host).split()[0]
        for to in (host, address):
            # A connection alone proves nothing: some ways out of here take any.
            ask = f"exec 3<>/dev/tcp/{to}/{port} && printf '{hello}' >&3 && head -c 1 <&3"
            look = ("timeout", "2", "bash", "-c", ask)
            for reaches in ("home", "payment", "payment-worker", "agent"):
                assert swarm.inside(reaches, *look) in answers, (reaches, to)
            assert swarm.inside("gateway", *look, fine=(0, 1, 124)) not in answers, to
        ways_out = swarm.inside(host, "cat", "/proc/net/route").splitlines()
        assert [line for line in ways_out if line.split()[1] == "00000000"] == []


def test_a_role_sees_its_own_secrets_alone(swarm: Swarm) -> None:
    look = "cd /run/secrets && find . -type f -printf '%f ' || true"
    own = {
        service: set(swarm.inside(service, "sh", "-c", look).split()) - SHARED
        for service in ("payment", "payment-worker", "identity", "agent", "gateway", "redis")
    }
    assert own == {
        "payment": {"PAYMENT_SECRET_KEY", "PAYMENT_DATABASE_URL"},
        "payment-worker": {"PAYMENT_SECRET_KEY", "PAYMENT_DATABASE_URL"},
        "identity": {
            "SECRET_KEY", "IDENTITY_SECRET_KEY", "DATABASE_URL", "OIDC_CLIENT_SECRET",
        },
        "agent": {"GATEWAY_SECRET_KEY", "DATABASE_URL"},
        "gateway": set(),
        "redis": {"redis.conf"},
    }  # fmt: skip
