"""The table of instances: taken over at once, by every worker, without a reload."""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gateway.conftest import Gateway
from tests.gateway.upstream import Upstream
from tests.gateway.wire import Client, ask
from tests.nginx_server import Nginx, peer

Start = Callable[..., Upstream]


def test_traffic_follows_the_weights(gateway: Gateway, upstream: Start) -> None:
    instances = [upstream(weight=weight) for weight in (100, 300, 600)]
    gateway.place(*instances)
    with Client(gateway.port) as client:  # so all at one worker, whose turns are exact
        for _ in range(100):
            client.ask("/products/")
    counts = [len(each.received) for each in instances]
    assert all(abs(count - due) <= 1 for count, due in zip(counts, (10, 30, 60), strict=True))


def test_a_change_breaks_no_request_and_no_kept_connection(
    gateway: Gateway, upstream: Start
) -> None:
    instances = [upstream() for _ in range(3)]
    gateway.place(*instances)
    workers = sorted(gateway.worker_pids)
    stop = threading.Event()
    failed: list[object] = []
    asked: Counter[int] = Counter()

    def browse(number: int) -> None:
        with Client(gateway.port) as client:
            client.ask("/products/")
            kept = client.connection.sock
            while not stop.is_set():
                try:
                    if client.ask("/products/").status != 200:
                        failed.append("status")
                except (OSError, http.client.HTTPException) as error:
                    failed.append(error)
                    return
                if client.connection.sock is not kept:
                    failed.append("the connection was not kept")
                    return
                asked[number] += 1

    clients = [threading.Thread(target=browse, args=(number,)) for number in range(4)]
    for client in clients:
        client.start()
    for number in range(60):
        gateway.place(*(each for at, each in enumerate(instances) if at != number % 3))
        time.sleep(0.01)
    stop.set()
    for client in clients:
        client.join()
    assert failed == []
    assert all(count > 10 for count in asked.values())
    assert sorted(gateway.worker_pids) == workers


def test_a_drained_instance_gets_nothing_from_the_next_request_on(
    gateway: Gateway, upstream: Start
) -> None:
    stays, leaves = upstream(), upstream()
    gateway.place(stays, leaves)
    for _ in range(4):
        ask(gateway.port, "/products/")
    gateway.place(stays)
    before = len(leaves.received)
    for _ in range(20):
        ask(gateway.port, "/products/")
    assert len(leaves.received) == before > 0


def test_all_workers_know_a_new_table_at_once(gateway: Gateway, upstream: Start) -> None:
    for _ in range(5):
        instance = upstream()
        gateway.place(instance)
        for _ in range(8):
            assert ask(gateway.port, "/products/").status == 200
        assert len(instance.received) == 8


@pytest.mark.parametrize("table", [b"", b"{", b"[]", b'"x"', b'{"apps": {}}', b"\xff\xfe", b"null"])
def test_a_table_that_is_none_is_refused_and_the_last_one_stays(
    gateway: Gateway, upstream: Start, table: bytes
) -> None:
    instance = upstream()
    gateway.place(instance)
    with pytest.raises(ConnectionError, match="400"):
        gateway.door.push_bytes(table)
    assert ask(gateway.port, "/products/").status == 200


def test_the_agents_door_is_its_own(gateway: Gateway, upstream: Start) -> None:
    assert gateway.directory.stat().st_mode & 0o77 == 0
    home = upstream("home")
    gateway.place(home)
    ask(gateway.port, "/table", method="PUT", body=b"{}")
    assert home.received[0].path == "/table"


def test_a_thousand_instances_fit(gateway: Gateway, upstream: Start) -> None:
    instance = upstream()
    crowd = [peer(1024 + number, weight=1, down=True) for number in range(999)]
    gateway.push({"product": [*crowd, peer(instance.port)]})
    assert ask(gateway.port, "/products/").status == 200


def test_nginx_comes_back_over_what_a_killed_one_left(tmp_path: Path, upstream: Start) -> None:
    with Nginx(tmp_path / "gw", workers=1) as gateway:
        gateway.kill()
        assert gateway.door.path.exists()
        instance = upstream()
        gateway.start().push({"product": [peer(instance.port)]})
        assert ask(gateway.port, "/products/").status == 200


def test_the_worker_that_dies_is_replaced_with_the_table_known(
    gateway: Gateway, upstream: Start
) -> None:
    instance = upstream()
    gateway.place(instance)
    before = gateway.worker_pids
    os.kill(before[0], 9)
    until = time.monotonic() + 10
    while len(set(gateway.worker_pids) - set(before)) < 1:
        assert time.monotonic() < until
        time.sleep(0.01)
    for _ in range(8):
        assert ask(gateway.port, "/products/").status == 200
