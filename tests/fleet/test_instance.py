"""One instance by ``extract serve``, and how it comes and goes."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from extract.registry import Instance, RedisRegistry, Tier
from tests import components
from tests.fleets import ROOT, Fleet, wait_until
from tests.ports import free_port
from tests.redis_server import RedisServer


class Served:
    """``extract serve product`` on migrated data, as a process."""

    def __init__(self, fleet: Fleet, redis: RedisServer) -> None:
        self.port = free_port()
        self.registry = RedisRegistry(redis.url)
        self.log = fleet.data_dir / f"instance-{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "extract", "serve", "product", f"--port={self.port}"],
                cwd=ROOT, env={**fleet.env, "REDIS_URL": redis.url},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def registered(self) -> Instance | None:
        snapshot = self.registry.look()
        addressed = (
            msgspec.json.decode(record.signed.payload, type=Instance)
            for record in snapshot.records
            if record.id not in snapshot.withdrawn
        )
        return next((each for each in addressed if each.address.endswith(f":{self.port}")), None)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def is_listening(self) -> bool:
        connection = self.connection()
        try:
            connection.connect()
        except ConnectionRefusedError:
            return False
        finally:
            connection.close()
        return True


@pytest.fixture(scope="module")
def registry() -> Iterator[RedisServer]:
    server = RedisServer(components.redis_server())
    yield server
    server.remove()


@pytest.fixture
def start(bare: Fleet, registry: RedisServer) -> Iterator[Callable[[], Served]]:
    """Start one more, and wait until it is there."""
    started: list[Served] = []

    def start() -> Served:
        served = Served(bare, registry)
        started.append(served)
        wait_until(lambda: served.registered() or served.process.poll() is not None)
        assert served.process.poll() is None, served.log.read_text()
        return served

    yield start
    for served in started:
        served.process.kill()
        served.process.wait()
        served.registry.close()


@pytest.fixture
def instance(start: Callable[[], Served]) -> Served:
    return start()


def _ask(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    connection.request("GET", "/api/products/")
    answer = connection.getresponse()
    assert answer.status == 200
    answer.read()
    return answer


def test_it_says_what_it_is(instance: Served) -> None:
    said = instance.registered()
    assert said is not None
    assert (said.role, said.tier) == ("product", Tier.OWN)
    assert list(said.contracts) == ["product"]
    assert said.version.startswith("0.1.0")
    assert said.keys == ()


def test_nobody_listens_before_it_is_warm(bare: Fleet, registry: RedisServer) -> None:
    """Until then a connection is refused, which sends whoever asks elsewhere at once."""
    served = Served(bare, registry)
    try:
        wait_until(served.is_listening)
        assert '"url.path":"/products/"' in served.log.read_text()
    finally:
        served.process.kill()
        served.process.wait()


def test_a_goodbye_comes_before_the_door_is_shut(instance: Served) -> None:
    kept = instance.connection()
    assert _ask(kept).getheader("Connection") == "keep-alive"
    instance.process.send_signal(signal.SIGTERM)
    wait_until(lambda: instance.registered() is None, 5)
    # Those who have not heard of it yet are served, and told not to come back.
    assert _ask(instance.connection()).getheader("Connection") == "close"
    assert _ask(kept).getheader("Connection") == "close"
    assert instance.process.wait(10) == 0


def test_a_request_under_way_is_finished(instance: Served) -> None:
    slow = instance.connection()
    slow.putrequest("POST", "/api/products/")
    slow.putheader("Content-Type", "application/json")
    slow.putheader("Content-Length", "2")
    slow.endheaders()
    instance.process.send_signal(signal.SIGTERM)
    wait_until(lambda: not instance.is_listening(), 5)
    slow.send(b"{}")
    assert slow.getresponse().status in (401, 403, 405)
    assert instance.process.wait(10) == 0


def test_silent_clients_keep_nobody_out(instance: Served) -> None:
    with ExitStack() as stack:
        for _ in range(120):
            half = socket.create_connection(("127.0.0.1", instance.port), timeout=10)
            stack.enter_context(half).sendall(b"GET /products/ HTTP/1.1\r\nHost: a\r\n")
        _ask(instance.connection())


def test_asked_again_it_does_not_linger(start: Callable[[], Served]) -> None:
    once, twice = start(), start()
    for each in (once, twice):
        each.process.send_signal(signal.SIGTERM)
    wait_until(lambda: twice.registered() is None, 5)
    twice.process.send_signal(signal.SIGTERM)
    assert twice.process.wait(10) == 0
    assert once.process.poll() is None
    assert once.process.wait(10) == 0


def test_killed_it_refuses_at_once(instance: Served) -> None:
    """Nothing holds its port: who asks there is told, and goes elsewhere."""
    os.kill(instance.process.pid, signal.SIGKILL)
    instance.process.wait()
    assert not instance.is_listening()


def test_it_waits_for_a_registry_that_is_away(bare: Fleet, tmp_path: Path) -> None:
    redis = RedisServer(components.redis_server())
    try:
        redis.stop()
        served = Served(bare, redis)
        try:
            wait_until(served.is_listening)
            redis.start()
            wait_until(served.registered, 5)
        finally:
            served.process.kill()
            served.process.wait()
    finally:
        redis.remove()
