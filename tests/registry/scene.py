"""Roles with keys, instances of theirs, and a registry that is the real one or its twin."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any, Protocol

from extract.registry import (
    InMemoryRegistry,
    Instance,
    Known,
    Memory,
    RedisRegistry,
    Registry,
    Signed,
    Tier,
    View,
)
from extract.registry.confirm import NotConfirmed
from extract.trust import RoleKeys, Trust
from tests.redis_server import RedisServer

ROLES = ("home", "product", "payment", "identity")
KEYS = {role: RoleKeys(role, f"the secret of {role}, kept by nobody else") for role in ROLES}
PUBLIC = {role: keys.public for role, keys in KEYS.items()}
_ports = itertools.count(20_000)


def trust_of(role: str = "home", id: str = "me") -> Trust:
    return Trust(KEYS[role], id, PUBLIC)


def instance(id: str, role: str = "product", **fields: Any) -> Instance:
    """At an address of its own, where nobody listens."""
    fields = {"address": f"127.0.0.1:{next(_ports)}"} | fields
    tier = Tier.HOME if role == "home" else Tier.OWN
    return Instance(id=id, role=role, tier=tier, **fields)


def signed(instance: Instance) -> Signed:
    return Signed.of(instance, KEYS[instance.role])


def announce(registry: Registry, *instances: Instance) -> None:
    for each in instances:
        registry.announce(each.id, signed(each))


def eventually(holds: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait until it holds, and fail if it does not."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.005)


def serving(view: View, app: str = "product") -> set[str]:
    return {each.id for each in view.serving(app)}


def known(view: View, id: str) -> Known | None:
    return next((each for each in view.known() if each.instance.id == id), None)


def is_lapsed(view: View, *ids: str) -> bool:
    return all((each := known(view, id)) is not None and each.lapsed for id in ids)


class Doorbells:
    """Who would prove to be itself when asked; everyone, until told otherwise. Counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failing: dict[str, NotConfirmed] = {}

    def __call__(self, instance: Instance) -> None:
        self.asked.append(instance.id)
        if failure := self.failing.get(instance.id):
            raise failure


class Backing(Protocol):
    """What registries connect to, and what can happen to it."""

    def connect(self, **options: Any) -> Registry: ...

    def stop(self) -> None: ...

    def start(self) -> None: ...

    def flush(self) -> None: ...


class OnRedis:
    def __init__(self, server: RedisServer) -> None:
        self.stop, self.start, self.flush = server.stop, server.start, server.flush
        self._url = server.url

    def connect(self, **options: Any) -> Registry:
        return RedisRegistry(self._url, **options)


class InMemory:
    def __init__(self) -> None:
        self._memory = Memory()
        self.flush = self._memory.flush

    def connect(self, **options: Any) -> Registry:
        return InMemoryRegistry(self._memory, **options)

    def stop(self) -> None:
        self._memory.down = True
        self._memory.flush()

    def start(self) -> None:
        self._memory.down = False
