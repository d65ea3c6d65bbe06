"""A running fleet: it sells, shows who it is, and takes what an operator asks of it."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from extract.identity.keyring import Keyring
from tests.extract.identity.tokens import signed
from tests.fleets import Fleet, is_running, wait_until
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop


def test_a_guest_and_a_customer_buy_through_the_gateway(fleet: Fleet, visitor: Shop) -> None:
    sku = _some_sku(visitor)
    bought = visitor.buy(**{sku: 1})
    assert bought["status"] == "paid"
    visitor.sign_in("ada@example.com", "customer-demo")
    order = visitor.buy(**{sku: 1})
    listed = visitor.orders().json["results"]
    assert [each["id"] for each in listed] == [order["order"]]


def test_instances_take_turns(fleet: Fleet, visitor: Shop) -> None:
    served = {visitor.page("/products/").headers["x-served-by"] for _ in range(20)}
    assert served == {f"product/{id}" for id in fleet.instances("product")}
    assert visitor.page("/").headers["x-served-by"].startswith("home/")
    assert visitor.page("/cart/").headers["x-served-by"].startswith("payment/")


def test_status_lists_every_instance(fleet: Fleet) -> None:
    status = fleet.status()
    listed = {(each["app"], each["id"]) for each in status["instances"]}
    running = {
        (role, id)
        for role in ("home", "identity", "product", "payment")
        for id in fleet.instances(role)
    }
    assert listed == running
    assert {each["health"] for each in status["instances"]} == {"up"}
    placements = {app: placed["placement"] for app, placed in status["apps"].items()}
    assert placements == {
        "product": "own", "payment": "own", "invoice": "home", "receipt": "home",
    }  # fmt: skip


def test_an_instance_takes_no_token_that_outlasts_identitys_own(fleet: Fleet) -> None:
    """Not even one that is signed by the key of this fleet."""
    key = Keyring(fleet.data_dir / "secrets" / "identity").signing_key()
    now = int(time.time())
    lasting = signed(key, exp=now + 100 * 365 * 24 * 3600)
    early = signed(key, iat=now + 30, nbf=now + 30, exp=now + 90)
    product = next(each for each in fleet.status()["instances"] if each["app"] == "product")
    statuses = [_status(product["address"], each) for each in (signed(key), lasting, early)]
    assert statuses == [200, 401, 401]


def test_scaling_waits_until_it_is_so(fleet: Fleet, visitor: Shop) -> None:
    with _browsing(fleet) as seen:
        for count in (0, 2):
            done = fleet.manage("extract", "scale", "product", str(count))
            assert done.returncode == 0, done.stderr
            assert f"product has {count} instances" in done.stdout
            assert len(fleet.pids("product")) == count
            assert len(_registered(fleet, "product")) == count
    assert seen.failures == []
    assert seen.roles == {"product", "home"}


def test_a_rolling_restart_costs_no_request(fleet: Fleet) -> None:
    before, said = set(fleet.instances("product")), len(fleet.said())
    with _browsing(fleet) as seen:
        done = fleet.manage("extract", "restart", "product")
    assert done.returncode == 0, done.stderr
    assert seen.failures == []
    assert seen.roles == {"product"}
    there = 2
    for line in fleet.said()[said:].splitlines():
        there += (" is up" in line) - (" ended" in line)
        assert there in (2, 3, 4), line
    after = set(fleet.instances("product"))
    assert len(after) == 2
    assert not after & before
    assert _registered(fleet, "product") == after


def test_what_is_killed_is_replaced(fleet: Fleet, visitor: Shop) -> None:
    id, pid = next(iter(fleet.instances("payment").items()))
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: (now := _registered(fleet, "payment")) and id not in now)
    assert len(fleet.pids("payment")) == 1
    assert visitor.buy(**{_some_sku(visitor): 1})


def test_a_service_that_is_killed_is_replaced(fleet: Fleet, visitor: Shop) -> None:
    services = [pid for pid, role in fleet.processes().items() if not role]
    for pid in services:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_running, services)))
    wait_until(lambda: _answers(fleet))
    wait_until(lambda: len(_registered(fleet, "product")) == 2)
    assert visitor.buy(**{_some_sku(visitor): 1})


def test_requests_that_make_no_sense_are_refused_by_name(fleet: Fleet) -> None:
    for arguments, reason in (
        (("scale", "prodct", "2"), "There is no app 'prodct'"),
        (("scale", "product", "51"), "'51' is no number of instances; it must be 0 to 50."),
        (("restart", "gateway"), "There is no app 'gateway'"),
    ):
        done = fleet.manage("extract", *arguments)
        assert done.returncode == 1
        assert reason in done.stderr
        assert "Traceback" not in done.stderr


def test_a_second_fleet_on_the_same_data_is_refused(fleet: Fleet) -> None:
    done = fleet.manage("extract", "up", "--port", "1")
    assert done.returncode == 1
    assert f"A fleet is up already for {fleet.data_dir} at {fleet.base_url}" in done.stderr


def test_a_busy_port_is_refused(fleet: Fleet) -> None:
    elsewhere = fleet.data_dir / "elsewhere"
    elsewhere.mkdir()
    done = fleet.manage("extract", "up", "--port", str(fleet.port), DATA_DIR=str(elsewhere))
    assert done.returncode == 1
    assert f"Port {fleet.port} cannot be used (Address already in use)" in done.stderr


def test_down_waits_until_it_is_gone(fleet: Fleet) -> None:
    processes = fleet.processes()
    with _working(fleet) as failed:
        done = fleet.manage("extract", "down")
    assert done.returncode == 0, done.stderr
    assert "Everything has ended." in done.stdout
    assert fleet.wait_ended(5) == 0
    assert not any(map(is_running, processes))
    assert not (fleet.data_dir / "run" / "up.json").exists()
    assert failed == []
    again = fleet.manage("extract", "down")
    assert (again.returncode, again.stdout) == (0, f"No fleet is up for {fleet.data_dir}.\n")


def _some_sku(visitor: Shop) -> str:
    results = visitor.request("GET", "/api/products/").json["results"]
    return next(str(each["sku"]) for each in results if each["available"] > 5)


def _registered(fleet: Fleet, app: str) -> set[str]:
    return {each["id"] for each in fleet.status()["instances"] if each["app"] == app}


def _status(address: str, token: str) -> int:
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", "/api/products/", headers={"X-Identity": token})
        return connection.getresponse().status
    finally:
        connection.close()


def _answers(fleet: Fleet) -> bool:
    transport = HttpTransport(fleet.base_url)
    try:
        return Shop(transport).page("/products/").status == 200
    except OSError:
        return False
    finally:
        transport.close()


class Browsing:
    """What people saw who looked at products all the time: failures, and who served them."""

    def __init__(self) -> None:
        self.failures: list[Any] = []
        self.roles: set[str] = set()
        self.over = threading.Event()

    def browse(self, base_url: str) -> None:
        transport = HttpTransport(base_url)
        while not self.over.wait(0.01):
            try:
                answer = Shop(transport).request("GET", "/api/products/")
            except Exception as error:
                self.failures.append(error)
                continue
            self.roles.add(answer.headers.get("x-served-by", "").partition("/")[0])
            if answer.status != 200:
                self.failures.append(answer)
        transport.close()


@contextmanager
def _browsing(fleet: Fleet) -> Iterator[Browsing]:
    browsing = Browsing()
    people = [threading.Thread(target=browsing.browse, args=(fleet.base_url,)) for _ in range(2)]
    for person in people:
        person.start()
    try:
        yield browsing
    finally:
        browsing.over.set()
        for person in people:
            person.join()


@contextmanager
def _working(fleet: Fleet) -> Iterator[list[Any]]:
    """A request is under way when the block begins."""
    failed: list[Any] = []
    ready = threading.Event()

    def work() -> None:
        transport = HttpTransport(fleet.base_url)
        shop = Shop(transport)
        cart = shop.filled_cart(**{_some_sku(shop): 1})
        ready.set()
        answer = shop.checkout(cart)
        if answer.status != 201:
            failed.append(answer)
        transport.close()

    worker = threading.Thread(target=work)
    worker.start()
    ready.wait(30)
    try:
        yield failed
    finally:
        worker.join()
