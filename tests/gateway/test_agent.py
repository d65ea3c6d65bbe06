"""The agent: what the registry knows reaches nginx, and what nginx would run into, the registry."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from extract.gateway import agent
from extract.gateway.agent import Agent
from extract.registry import Instance, RedisRegistry, Registry, RegistryDown, Signed, Tier, View
from extract.trust import RoleKeys, Trust
from tests.gateway.conftest import APPS, Gateway
from tests.gateway.upstream import Upstream
from tests.gateway.wire import Client, ask
from tests.redis_server import RedisServer

Start = Callable[..., Upstream]
KEYS = {
    role: RoleKeys(role, f"the secret of {role}")
    for role in ("home", "identity", "gateway", "product", "payment")
}
PUBLIC = {role: keys.public for role, keys in KEYS.items()}
TRUST = Trust(KEYS["gateway"], "agent", PUBLIC)


def instance(upstream: Upstream, host: str = "127.0.0.1") -> Instance:
    return Instance(
        id=f"{upstream.role}-{upstream.port}", role=upstream.role,
        tier=Tier.HOME if upstream.role == "home" else Tier.OWN,
        address=f"{host}:{upstream.port}",
    )  # fmt: skip


class Shop:
    """Doubles of instances that announce themselves, an agent that watches them."""

    def __init__(self, redis: RedisServer, gateway: Gateway, **options: Any) -> None:
        self.redis = redis
        self.registry: Registry = RedisRegistry(redis.url)
        self.view = View(RedisRegistry(redis.url), TRUST, confirm=lambda _: None, **options)
        self.told = threading.Event()
        self.agent = Agent(
            self.view, TRUST, APPS, gateway.door.path, repeat=lambda: self.told.set()
        )
        self.thread = threading.Thread(target=self.agent.run)

    def start(self) -> Shop:
        self.view.start()
        self.thread.start()
        return self

    def stop(self) -> None:
        self.agent.stop()
        self.thread.join()
        self.view.stop()
        self.registry.close()

    def announce(self, *upstreams: Upstream, host: str = "127.0.0.1") -> None:
        for each in upstreams:
            described = instance(each, host)
            self.registry.announce(described.id, Signed.of(described, KEYS[each.role]))


@pytest.fixture
def shop(redis: RedisServer, gateway: Gateway) -> Iterator[Shop]:
    shop = Shop(redis, gateway).start()
    yield shop
    shop.stop()


def until(holds: Callable[[], bool], seconds: float) -> float:
    """The seconds until it held."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() < started + seconds, "it did not come about in time"
        time.sleep(0.002)
    return time.monotonic() - started


def test_who_announces_itself_is_routed_to_at_once(
    gateway: Gateway, shop: Shop, upstream: Start
) -> None:
    first, second = upstream("payment"), upstream("payment")
    shop.announce(first)
    until(lambda: ask(gateway.port, "/cart/").status == 200, 2)
    shop.announce(second)

    def is_reached() -> bool:
        ask(gateway.port, "/cart/")
        return bool(second.received)

    assert until(is_reached, 2) < 0.5
    assert first.received[0].one("X-Gateway-Pass") == TRUST.pass_for("payment")


def test_who_says_goodbye_or_is_drained_gets_nothing_more(
    gateway: Gateway, shop: Shop, upstream: Start
) -> None:
    instances = [upstream("payment") for _ in range(3)]
    shop.announce(*instances)
    until(lambda: len(shop.view.serving("payment")) == 3, 3)
    shop.registry.withdraw(instance(instances[0]).id)
    shop.registry.set_drained([instance(instances[1]).id])
    until(lambda: len(shop.view.serving("payment")) == 1, 3)

    def are_reached() -> list[int]:
        before = [len(each.received) for each in instances]
        for _ in range(10):
            assert ask(gateway.port, "/cart/").status == 200
        return [len(each.received) - had for each, had in zip(instances, before, strict=True)]

    assert until(lambda: are_reached() == [0, 0, 10], 2) < 0.5
    assert are_reached() == [0, 0, 10]


def test_who_refuses_is_left_alone_before_anybody_runs_into_it(
    gateway: Gateway, shop: Shop, upstream: Start
) -> None:
    dead, well = upstream("payment"), upstream("payment")
    shop.announce(dead, well)
    until(lambda: len(shop.view.serving("payment")) == 2, 3)
    dead.stop()
    is_refused = lambda: any(each.refused for each in shop.view.known())  # noqa: E731
    assert until(is_refused, 2) < 1
    dead.start()
    until(lambda: not is_refused(), 2)

    def is_reached() -> bool:
        ask(gateway.port, "/cart/")
        return bool(dead.received)

    until(is_reached, 2)


def test_an_app_whose_last_instance_is_gone_comes_home(
    gateway: Gateway, shop: Shop, upstream: Start
) -> None:
    own, home = upstream("payment"), upstream("home")
    shop.announce(own, home)
    until(lambda: [each.role for each in shop.view.serving("payment")] == ["payment"], 3)
    until(lambda: bool(shop.view.serving("home")), 3)
    own.stop()  # killed: its lease runs out, and it refuses

    def keep_home() -> bool:
        shop.announce(home)
        return [each.role for each in shop.view.serving("payment")] == ["home"]

    with Client(gateway.port) as client:
        asked = 0
        while not keep_home():
            assert client.ask("/api/carts/", method="POST", body=b"{}").status == 200
            asked += 1
        assert client.ask("/api/carts/", method="POST", body=b"{}").status == 200
    # Nobody was refused meanwhile: who came too early waited.
    assert len(home.received) >= 1
    assert asked >= 1


def test_an_app_that_may_not_come_home_stays_away(
    redis: RedisServer, gateway: Gateway, upstream: Start
) -> None:
    home = upstream("home")
    shop = Shop(redis, gateway, come_home=frozenset({"product"})).start()
    try:
        shop.announce(home)
        until(lambda: ask(gateway.port, "/products/").status == 200, 3)
        assert ask(gateway.port, "/cart/").status == 503
        assert {each.path for each in home.received} == {"/products/"}
    finally:
        shop.stop()


def test_without_the_registry_everything_goes_on_as_it_was(
    gateway: Gateway, shop: Shop, upstream: Start
) -> None:
    own = upstream("payment")
    shop.announce(own)
    until(lambda: ask(gateway.port, "/cart/").status == 200, 3)
    shop.redis.stop()
    for _ in range(30):
        assert ask(gateway.port, "/cart/").status == 200
        time.sleep(0.1)  # past the lease: 3 seconds
    assert [each.lapsed for each in shop.view.known()] in ([True], [False])


def test_nginx_that_started_anew_is_told_within_moments(
    redis: RedisServer, tmp_path: Path, upstream: Start
) -> None:
    own = upstream("payment")
    with Gateway(tmp_path / "gw", workers=1) as gateway:
        shop = Shop(redis, gateway).start()
        try:
            shop.announce(own)
            until(lambda: ask(gateway.port, "/cart/").status == 200, 3)
            gateway.kill()
            gateway.start()
            # Who comes before the agent waits for it.
            assert ask(gateway.port, "/cart/").status == 200
        finally:
            shop.stop()


def test_what_operators_set_is_told_again_and_again_and_failing_stops_nothing(
    redis: RedisServer, gateway: Gateway, upstream: Start
) -> None:
    shop = Shop(redis, gateway)
    calls: list[float] = []

    def repeat() -> None:
        calls.append(time.monotonic())
        raise RegistryDown("away") if len(calls) % 2 else RuntimeError("broken")

    shop.agent = Agent(shop.view, TRUST, APPS, gateway.door.path, repeat=repeat)
    shop.thread = threading.Thread(target=shop.agent.run)
    shop.start()
    try:
        until(lambda: len(calls) >= 3, 5)
        own = upstream("payment")
        shop.announce(own)
        until(lambda: ask(gateway.port, "/cart/").status == 200, 3)
    finally:
        shop.stop()


def test_a_name_that_cannot_be_resolved_keeps_nobody_else_from_being_found(
    gateway: Gateway, shop: Shop, upstream: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instances are called by names that a name server knows, or does not."""
    known, other, new = upstream("payment"), upstream("payment"), upstream("payment")
    names = {"known.example": "127.0.0.1"}

    def looked_up(address: str) -> tuple[str, int]:
        host, _, port = address.rpartition(":")
        if host not in names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return names[host], int(port)

    monkeypatch.setattr(agent, "resolved", looked_up)
    shop.announce(known, host="known.example")
    until(lambda: ask(gateway.port, "/cart/").status == 200, 3)
    names.clear()
    shop.announce(other, host="unknown.example")
    until(lambda: len(shop.view.serving("payment")) == 2, 3)
    names["new.example"] = "127.0.0.1"
    shop.announce(new, host="new.example")

    def is_reached() -> bool:
        assert ask(gateway.port, "/cart/").status == 200
        return bool(new.received)

    until(is_reached, 3)
    before = len(known.received)
    until(lambda: is_reached() and len(known.received) > before, 3)
    assert other.received == []


def _agent(directory: Path, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "extract", "agent", "--directory", str(directory)],
        cwd=settings.BASE_DIR, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "DATA_DIR": str(directory / "data"), **env},
    )  # fmt: skip


def test_the_verb_runs_until_it_is_asked_to_end(
    tmp_path: Path, redis: RedisServer, upstream: Start
) -> None:
    with Gateway(tmp_path, workers=1) as gateway:
        gateway.place(upstream("home"))
        assert ask(gateway.port, "/").status == 200
        agent = _agent(tmp_path, EXTRACT_ROLE="gateway", REDIS_URL=redis.url)
        try:
            # By the agent's table there is nobody: requests wait, and are refused in the end.
            until(lambda: ask(gateway.port, "/").status == 503, 20)
            agent.send_signal(signal.SIGTERM)
            assert agent.wait(10) == 0
        finally:
            agent.kill()
            agent.communicate()


def test_the_verb_speaks_for_the_gateway_alone(tmp_path: Path) -> None:
    said, _ = _agent(tmp_path, EXTRACT_ROLE="").communicate(timeout=60)
    assert "EXTRACT_ROLE=gateway" in said
