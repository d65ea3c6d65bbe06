"""Home as the backup of apps: each may have only so much of it at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

from tests.gateway.conftest import Gateway
from tests.gateway.upstream import DIE, Received, Reply, Upstream
from tests.gateway.wire import Client, ask

Start = Callable[..., Upstream]
CAP = settings.EXTRACT_HOME_CAP


class Slow:
    """Answers when told to, and knows how many wait for it at most."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.lock = threading.Lock()
        self.now: dict[str, int] = {}
        self.most: dict[str, int] = {}

    def __call__(self, request: Received) -> Reply:
        app = request.path.split("/")[1]
        with self.lock:
            self.now[app] = self.now.get(app, 0) + 1
            self.most[app] = max(self.most.get(app, 0), self.now[app])
        self.go.wait(20)
        time.sleep(0.005)
        with self.lock:
            self.now[app] -= 1
        return Reply()

    def is_full(self, app: str) -> bool:
        with self.lock:
            return self.now.get(app, 0) == CAP


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.005)


@pytest.mark.parametrize("homes", [1, 2])
def test_what_is_too_much_for_home_waits_at_the_gateway(
    gateway: Gateway, upstream: Start, homes: int
) -> None:
    slow = [Slow() for _ in range(homes)]
    gateway.place(*(upstream("home", behave=each) for each in slow))
    with ThreadPoolExecutor(60) as pool:
        waiting = [pool.submit(ask, gateway.port, "/cart/") for _ in range(homes * CAP * 4)]
        until(lambda: all(each.is_full("cart") for each in slow))
        # Another app and home's own pages have their own share.
        others = [pool.submit(ask, gateway.port, path) for path in ("/products/", "/about/")]
        until(lambda: sum(each.now.get("products", 0) for each in slow) == 1)
        until(lambda: sum(each.now.get("about", 0) for each in slow) == 1)
        for each in slow:
            each.go.set()
        assert {each.result().status for each in (*waiting, *others)} == {200}
    assert [each.most["cart"] for each in slow] == [CAP] * homes


def test_who_waited_too_long_is_told_to_come_again(gateway: Gateway, upstream: Start) -> None:
    slow = Slow()
    home = upstream("home", behave=slow)
    gateway.place(home)
    with ThreadPoolExecutor(60) as pool:
        held = [pool.submit(ask, gateway.port, "/cart/") for _ in range(CAP)]
        until(lambda: slow.is_full("cart"))
        started = time.monotonic()
        got = ask(gateway.port, "/api/carts/", method="POST", body=b"{}")
        assert (got.status, got.problem["type"]) == (503, "/problems/unavailable")
        assert got.headers["Retry-After"] == "1"
        assert 2 < time.monotonic() - started < 5
        slow.go.set()
        assert {each.result().status for each in held} == {200}
    assert len(home.received) == CAP


def test_who_waits_is_let_in_by_an_instance_that_comes(gateway: Gateway, upstream: Start) -> None:
    slow = Slow()
    home, own = upstream("home", behave=slow), upstream("payment")
    gateway.place(home)
    with ThreadPoolExecutor(60) as pool:
        waiting = [pool.submit(ask, gateway.port, "/cart/") for _ in range(CAP + 3)]
        until(lambda: slow.is_full("cart"))
        gateway.place(home, own)
        until(lambda: len(own.received) == 3, seconds=2)
        slow.go.set()
        assert {each.result().status for each in waiting} == {200}


def test_no_slot_is_lost_however_a_request_ends(gateway: Gateway, upstream: Start) -> None:
    ending = Slow()
    ending.go.set()
    home = upstream("home", behave=lambda _: DIE)
    gateway.place(home)
    for _ in range(CAP + 1):
        assert ask(gateway.port, "/api/carts/", method="POST", body=b"{}").status == 503
    home.behave = ending
    for _ in range(CAP + 1):
        with Client(gateway.port) as client:  # leaves without its answer
            client.connection.request("GET", "/cart/")
    for _ in range(CAP + 1):
        size = 20 * 1024 * 1024 + 1
        assert _too_large(gateway.port, size) == 413
    home.stop()
    with ThreadPoolExecutor(CAP + 1) as pool:
        gone = list(pool.map(lambda _: ask(gateway.port, "/cart/").status, range(CAP + 1)))
    assert set(gone) == {503}
    for _ in range(CAP + 1):  # refused, then served while it waits
        with Client(gateway.port) as client:
            client.connection.request("GET", "/cart/")
            time.sleep(0.02)
            home.start()
            assert client.connection.getresponse().status == 200
            home.stop()
    home.start()
    slow = Slow()
    home.behave = slow
    with ThreadPoolExecutor(CAP) as pool:
        held = [pool.submit(ask, gateway.port, "/cart/") for _ in range(CAP)]
        until(lambda: slow.is_full("cart"))
        slow.go.set()
        assert {each.result().status for each in held} == {200}


def _too_large(port: int, size: int) -> int:
    from tests.gateway.wire import raw

    body = b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"x" * size)
    return raw(
        port, "POST /cart/ HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", body=body
    ).status


def test_an_app_with_an_instance_of_its_own_has_no_cap(gateway: Gateway, upstream: Start) -> None:
    slow = Slow()
    own = upstream("payment", behave=slow)
    gateway.place(upstream("home"), own)
    with ThreadPoolExecutor(60) as pool:
        held = [pool.submit(ask, gateway.port, "/cart/") for _ in range(CAP * 3)]
        until(lambda: len(own.received) == CAP * 3)
        slow.go.set()
        assert {each.result().status for each in held} == {200}


def test_a_worker_that_dies_takes_its_count_along(tmp_path: Path, upstream: Start) -> None:
    import os

    slow = Slow()
    home = upstream("home", behave=slow)
    with Gateway(tmp_path / "gw", workers=1) as gateway:
        gateway.place(home)
        [worker] = gateway.worker_pids
        clients = [Client(gateway.port) for _ in range(CAP)]
        for client in clients:
            client.connection.request("GET", "/cart/")
        until(lambda: slow.is_full("cart"))
        os.kill(worker, 9)
        until(lambda: gateway.worker_pids not in ([], [worker]))
        slow.go.set()
        for client in clients:
            client.connection.close()
        assert ask(gateway.port, "/cart/").status == 200
