"""What the gateway does about an instance that fails, and what it never does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.gateway.conftest import Gateway
from tests.gateway.upstream import DIE, Reply, Upstream
from tests.gateway.wire import Answer, Client, ask
from tests.nginx_server import peer

Start = Callable[..., Upstream]


def delivered(*upstreams: Upstream) -> int:
    return sum(len(each.received) for each in upstreams)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("path", ["/api/checkout/", "/checkout/"])
def test_a_post_that_was_sent_is_never_sent_again(
    gateway: Gateway, upstream: Start, method: str, path: str
) -> None:
    instances = [upstream("payment", behave=lambda _: DIE) for _ in range(3)]
    gateway.place(*instances)
    got = ask(gateway.port, path, method=method, body=b"{}", Idempotency_Key="k")
    assert delivered(*instances) == 1
    assert (got.status, got.headers["Retry-After"]) == (503, "1")
    if path.startswith("/api/"):
        assert got.problem["type"] == "/problems/unavailable"
        assert "may have been done" in got.problem["detail"]


def test_not_even_if_the_connection_was_kept_from_an_earlier_one(
    gateway: Gateway, upstream: Start
) -> None:
    instances = [upstream("payment") for _ in range(2)]
    gateway.place(*instances)
    with Client(gateway.port) as client:
        for _ in range(10):
            client.ask("/cart/")
        for each in instances:
            each.received.clear()
            each.behave = lambda _: DIE
        assert client.ask("/api/checkout/", method="POST", body=b"{}").status == 503
    assert delivered(*instances) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_get_goes_on_to_another_instance(gateway: Gateway, upstream: Start, method: str) -> None:
    broken = [upstream(behave=lambda _: DIE) for _ in range(2)]
    well = upstream()
    gateway.place(*broken, well)
    for _ in range(6):
        assert ask(gateway.port, "/products/", method=method).status == 200
    assert [len(each.received) <= 1 for each in broken] == [True, True]
    assert len(well.received) == 6


def test_a_post_goes_on_from_an_instance_that_refuses_the_connection(
    gateway: Gateway, upstream: Start
) -> None:
    gone = [upstream("payment") for _ in range(2)]
    well = upstream("payment")
    gateway.place(*gone, well)
    for each in gone:
        each.stop()
    for number in range(6):
        got = ask(gateway.port, "/api/checkout/", method="POST", body=b"%d" % number)
        assert got.status == 200
    assert [each.body for each in well.received] == [b"%d" % number for number in range(6)]


def test_a_failed_instance_rests_for_all_at_once_and_for_a_second(
    gateway: Gateway, upstream: Start
) -> None:
    broken, well = upstream(behave=lambda _: DIE), upstream()
    gateway.place(broken, well)
    until = time.monotonic() + 10
    while not broken.received:  # its turn comes with the first or second request
        assert ask(gateway.port, "/products/").status == 200
        assert time.monotonic() < until
    failed = time.monotonic()
    for _ in range(40):  # each over a connection of its own, so at both workers
        assert ask(gateway.port, "/products/").status == 200
    assert len(broken.received) == 1
    assert time.monotonic() - failed < 0.9
    broken.behave = lambda _: Reply()
    while len(broken.received) == 1:
        assert ask(gateway.port, "/products/").status == 200
        assert time.monotonic() < failed + 3
    assert time.monotonic() - failed > 0.9


def test_an_instance_that_is_down_by_the_table_is_not_even_tried(
    gateway: Gateway, upstream: Start
) -> None:
    down, well = upstream(), upstream()
    gateway.place(down, well)
    gateway.push({"product": [peer(down.port, down=True), peer(well.port)]})
    for _ in range(10):
        assert ask(gateway.port, "/products/").status == 200
    assert not down.received


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_with_no_instance_there_requests_wait_for_one(
    gateway: Gateway, upstream: Start, method: str
) -> None:
    gone, coming = upstream("payment"), upstream("payment")
    gateway.place(gone)
    gone.stop()
    with ThreadPoolExecutor(8) as pool:
        waiting = [
            pool.submit(ask, gateway.port, "/api/carts/", method=method, body=b"{}")
            for _ in range(8)
        ]
        time.sleep(0.4)  # they have been refused, and wait
        assert not any(each.done() for each in waiting)
        gateway.place(coming)
        changed = time.monotonic()
        assert [each.result().status for each in waiting] == [200] * 8
    # Well before they would have given up.
    assert time.monotonic() - changed < 1.5
    assert len(coming.received) == 8
    assert {each.body for each in coming.received} == {b"{}"}


def test_in_the_end_they_are_told_to_come_again(gateway: Gateway, upstream: Start) -> None:
    gone = upstream("payment")
    gateway.place(gone)
    gone.stop()

    def tried(path: str, method: str) -> Answer:
        return ask(gateway.port, path, method=method, body=b"" if method == "POST" else None)

    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        pages = pool.submit(tried, "/cart/", "GET"), pool.submit(tried, "/invoices/", "GET")
        calls = pool.submit(tried, "/api/carts/", "POST"), pool.submit(tried, "/api/orders/", "GET")
        for each in (*pages, *calls):
            assert (each.result().status, each.result().headers["Retry-After"]) == (503, "1")
    assert time.monotonic() - started < 8
    assert pages[0].result().headers["Content-Type"] == "text/html; charset=utf-8"
    assert calls[0].result().problem["type"] == "/problems/unavailable"


def test_an_error_of_the_instance_itself_is_passed_on_and_no_failure(
    gateway: Gateway, upstream: Start
) -> None:
    for status in (500, 502, 503, 504):
        instance = upstream(behave=lambda _, status=status: Reply(status, body=b"its own words"))
        gateway.place(instance)
        for _ in range(2):
            got = ask(gateway.port, "/products/")
            assert (got.status, got.body) == (status, b"its own words")
        assert len(instance.received) == 2


def test_what_an_instance_has_begun_it_finishes_though_the_client_left(
    gateway: Gateway, upstream: Start
) -> None:
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(_: object) -> Reply:
        began.set()
        may_end.wait(10)
        ended.set()
        return Reply()

    gateway.place(upstream("payment", behave=slow))
    with Client(gateway.port) as client:
        client.connection.request("POST", "/api/checkout/", b"{}")
        assert began.wait(10)
    may_end.set()
    assert ended.wait(10)
