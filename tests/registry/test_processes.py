"""The same with processes of their own: they find each other, lose each other, and fork."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from structlog.testing import capture_logs

from extract.registry import RedisRegistry, View, process
from tests.ports import free_port
from tests.redis_server import RedisServer
from tests.registry.scene import Doorbells, announce, eventually, instance, trust_of


class Served:
    """One instance as a process."""

    def __init__(self, role: str, id: str, redis: RedisServer) -> None:
        self.name = f"{role}/{id}"
        self.address = f"127.0.0.1:{free_port()}"
        told = {
            "EXTRACT_ROLE": role,
            "EXTRACT_INSTANCE": id,
            "EXTRACT_ADDRESS": self.address,
            "REDIS_URL": redis.url,
        }
        command = [sys.executable, "-m", "tests.registry.served"]
        self.process = subprocess.Popen(command, env={**os.environ, **told})

    def serving(self, app: str) -> set[str]:
        try:
            with urllib.request.urlopen(f"http://{self.address}/serving/{app}", timeout=5) as got:
                return set(got.read().decode().split(",")) - {""}
        except OSError:
            return set()

    def end(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(10)


@pytest.fixture
def view(redis: RedisServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[View]:
    """This process's, as an operator's command has it."""
    settings.REDIS_URL = redis.url
    monkeypatch.setattr(process, "_view", None)
    view = process.watch()
    yield view
    view.stop()


@pytest.fixture
def start(redis: RedisServer) -> Iterator[Callable[[str, str], Served]]:
    started: list[Served] = []

    def start(role: str, id: str) -> Served:
        started.append(Served(role, id, redis))
        return started[-1]

    yield start
    for served in started:
        if served.process.poll() is None:
            served.end(signal.SIGKILL)


def names(view: View, app: str) -> set[str]:
    return {each.name for each in view.serving(app)}


def status(capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    call_command("extract", "status", "--json")
    return json.loads(capsys.readouterr().out)


BOTH = {"product/one", "product/two"}
BEAT = 0.5 + 1.0
"""Seconds within which everyone is registered again: a heartbeat, and slack for a busy machine."""


@pytest.fixture
def three(view: View, start: Callable[[str, str], Served]) -> tuple[Served, Served, Served]:
    """home/a, product/one and product/two, who have found each other."""
    home, one, two = start("home", "a"), start("product", "one"), start("product", "two")
    for served in (home, one, two):
        eventually(lambda served=served: served.serving("product") == BOTH, 60)
        eventually(lambda served=served: served.serving("payment") == {"home/a"})
    eventually(lambda: names(view, "product") == BOTH)
    return home, one, two


@pytest.mark.usefixtures("database")
def test_an_operator_sees_them_and_drains_one(
    redis: RedisServer,
    three: tuple[Served, Served, Served],
    capsys: pytest.CaptureFixture[str],
) -> None:
    home, one, two = three
    seen = status(capsys)
    assert seen["registry"] == {"url": redis.url, "reachable": True}
    assert [each["id"] for each in seen["instances"]] == ["a", "one", "two"]
    told = seen["instances"][1]
    assert told == {
        "id": "one", "app": "product", "tier": "own", "address": one.address,
        "version": "1", "health": "up", "load": 0, "pid": one.process.pid, "resting": [],
        "uptime": told["uptime"], "memory": told["memory"],
    }  # fmt: skip
    assert 0 < told["uptime"] < 600
    assert told["memory"] > 10_000_000
    placed = {
        app: (each["placement"], len(each["instances"])) for app, each in seen["apps"].items()
    }
    assert (placed["product"], placed["payment"]) == (("own", 2), ("home", 1))

    call_command("extract", "drain", "one")
    assert "product/one is drained." in capsys.readouterr().out
    for served in (home, one, two):
        eventually(lambda served=served: served.serving("product") == {"product/two"})
    assert status(capsys)["instances"][1]["health"] == "draining"
    call_command("extract", "enable", "product/one")
    eventually(lambda: home.serving("product") == BOTH)


def test_they_go_on_without_the_registry(
    database: None,
    redis: RedisServer,
    view: View,
    three: tuple[Served, Served, Served],
    capsys: pytest.CaptureFixture[str],
) -> None:
    home, one, two = three
    registry = RedisRegistry(redis.url)
    redis.flush()
    began = time.monotonic()
    eventually(lambda: len(registry.look().records) == 3)
    assert time.monotonic() - began < BEAT
    assert home.serving("product") == BOTH

    redis.stop()
    assert home.serving("product") == BOTH
    assert status(capsys)["registry"] == {"url": redis.url, "reachable": False}
    redis.start()
    began = time.monotonic()
    eventually(lambda: len(registry.look().records) == 3)
    assert time.monotonic() - began < BEAT
    registry.close()

    two.end(signal.SIGTERM)
    eventually(lambda: home.serving("product") == {"product/one"}, 2)
    one.end(signal.SIGKILL)
    for ask in (lambda: home.serving("product"), lambda: names(view, "product")):
        eventually(lambda ask=ask: ask() == {"home/a"})
    assert [each["id"] for each in status(capsys)["instances"]] == ["a"]


def in_child(look: Callable[[], Any]) -> Any:
    """What ``look`` returns in a forked child, as JSON tells it."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        answer = "no answer"
        try:
            answer = look()
        finally:
            os.write(writing, json.dumps(answer).encode())
            os._exit(0)
    os.close(writing)
    try:
        answered, _, _ = select.select([reading], [], [], 20)
        assert answered, "the child hangs"
        with os.fdopen(reading) as pipe:
            return json.load(pipe)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_forked_view_knows_what_was_known_and_goes_on_by_itself(redis: RedisServer) -> None:
    registry = RedisRegistry(redis.url)
    view = View(RedisRegistry(redis.url), trust_of(), confirm=Doorbells())
    view.start()
    announce(registry, instance("one"))
    eventually(lambda: view.serving("product"))

    def look() -> list[list[str]]:
        before = sorted(names(view, "product"))
        announce(registry, instance("two"))
        eventually(lambda: len(view.serving("product")) == 2)
        with capture_logs() as logs:
            view.stop()
        return [before, sorted(names(view, "product")), [log["event"] for log in logs]]

    assert in_child(look) == [["product/one"], ["product/one", "product/two"], []]
    eventually(lambda: len(view.serving("product")) == 2)
    registry.withdraw("one")
    eventually(lambda: names(view, "product") == {"product/two"})
    view.stop()
    registry.close()


def test_a_fork_in_the_midst_of_changes_hangs_nobody(redis: RedisServer) -> None:
    """The lock of a view may be held by a thread that the child does not have."""
    view = View(RedisRegistry(redis.url), trust_of(), confirm=Doorbells())
    view.start()
    registry = RedisRegistry(redis.url)
    announce(registry, instance("one"))
    eventually(lambda: view.serving("product"))
    with view._lock:
        said = in_child(lambda: [view.refused("one"), view.known()[0].refused])
    assert said == [None, True]
    view.stop()
    registry.close()
