"""How a process makes itself known and says goodbye, whatever becomes of the registry."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from extract.registry import InMemoryRegistry, Instance, Memory, Presence, Registry, Signed
from extract.registry import presence as presences
from tests.registry.scene import Backing, eventually, instance, trust_of

Connect = Callable[..., Registry]
ONE = instance("one")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presences, "HEARTBEAT", 0.02)
    monkeypatch.setattr(presences, "POLL_EVERY", 0.005)


@pytest.fixture
def present(connect: Connect) -> Iterator[Callable[..., Presence]]:
    made: list[Presence] = []

    def present(
        registry: Registry | None = None,
        describe: Callable[[], Instance] = lambda: ONE,
        ready: Callable[[], bool] = lambda: True,
    ) -> Presence:
        presence = Presence(registry or connect(), describe, trust_of("product", "one"), ready)
        made.append(presence)
        presence.start()
        return presence

    yield present
    for presence in made:
        presence.withdraw()


Present = Callable[..., Presence]


def ids(registry: Registry, *, lapsed: bool = False) -> list[str]:
    return [record.id for record in registry.look().records if record.lapsed is lapsed]


def test_it_is_announced_when_it_is_ready(present: Present, registry: Registry) -> None:
    asked: list[bool] = []
    is_ready = threading.Event()

    def ready() -> bool:
        asked.append(True)
        if len(asked) == 2:
            raise RuntimeError("on purpose")
        return is_ready.is_set()

    present(ready=ready)
    eventually(lambda: len(asked) > 5)
    assert ids(registry) == []
    is_ready.set()
    eventually(lambda: ids(registry) == ["one"])


def test_its_lease_is_renewed(present: Present, connect: Connect) -> None:
    beats: list[bool] = []

    def describe() -> Instance:
        beats.append(True)
        return ONE

    registry = connect(lease=0.2)
    present(registry, describe)
    other = connect()
    eventually(lambda: len(beats) > 20)
    assert ids(other) == ["one"]


def test_it_is_described_anew_at_every_beat(present: Present, registry: Registry) -> None:
    keys: list[dict[str, Any]] = [{"kid": "1"}]
    present(describe=lambda: replace(ONE, keys=tuple(keys)))
    eventually(lambda: ids(registry) == ["one"])
    keys.append({"kid": "2"})

    def listed() -> Instance:
        return registry.look().records[0].signed.open(trust_of())

    eventually(lambda: listed().keys == tuple(keys))


def test_a_description_that_fails_once_is_tried_again(present: Present, registry: Registry) -> None:
    failures = [RuntimeError("on purpose")]

    def describe() -> Instance:
        if failures:
            raise failures.pop()
        return ONE

    with capture_logs() as logs:
        present(describe=describe)
        eventually(lambda: ids(registry) == ["one"])
    assert [log["event"] for log in logs][:1] == ["registry.announcement_failed"]


def test_after_a_flush_and_a_restart_it_is_there_again(
    backing: Backing, present: Present, registry: Registry
) -> None:
    with capture_logs() as logs:
        present()
        eventually(lambda: ids(registry) == ["one"])
        backing.flush()
        eventually(lambda: ids(registry) == ["one"])
        backing.stop()
        eventually(lambda: any(log["event"] == "registry.announcement_failed" for log in logs))
        threading.Event().wait(0.2)
        backing.start()
        eventually(lambda: ids(registry) == ["one"])
        eventually(lambda: logs[-1]["event"] == "registry.announced_again")
    assert [log["event"] for log in logs].count("registry.announcement_failed") == 1


def test_who_withdrew_is_not_announced_again(present: Present, registry: Registry) -> None:
    presence = present()
    eventually(lambda: ids(registry) == ["one"])
    presence.withdraw()
    presence.withdraw()
    snapshot = registry.look()
    assert (snapshot.records, snapshot.withdrawn) == ((), {"one"})


def test_no_beat_comes_after_the_withdrawal(present: Present) -> None:
    """One is on its way when the process withdraws."""
    memory, on_its_way, may_arrive = Memory(), threading.Event(), threading.Event()

    class Slow(InMemoryRegistry):
        def announce(self, id: str, signed: Signed) -> None:
            on_its_way.set()
            may_arrive.wait(10)
            super().announce(id, signed)

        def withdraw(self, id: str) -> None:
            super().withdraw(id)
            memory.flush()

    presence = present(Slow(memory))
    on_its_way.wait(10)
    withdrawing = threading.Thread(target=presence.withdraw)
    withdrawing.start()
    may_arrive.set()
    withdrawing.join(10)
    threading.Event().wait(0.1)
    assert memory.records == {}


def test_who_withdraws_before_being_ready_was_never_there(
    present: Present, registry: Registry
) -> None:
    is_ready = threading.Event()
    presence = present(ready=is_ready.is_set)
    presence.withdraw()
    is_ready.set()
    threading.Event().wait(0.1)
    snapshot = registry.look()
    assert (snapshot.records, snapshot.withdrawn) == ((), frozenset())


def test_a_withdrawal_that_is_lost_stops_nobody(
    backing: Backing, present: Present, registry: Registry
) -> None:
    presence = present()
    eventually(lambda: ids(registry) == ["one"])
    backing.stop()
    with capture_logs() as logs:
        presence.withdraw()
    assert "registry.withdrawal_lost" in [log["event"] for log in logs]


def test_the_child_of_a_fork_withdraws_nobody(present: Present, registry: Registry) -> None:
    presence = present()
    eventually(lambda: ids(registry) == ["one"])
    if (child := os.fork()) == 0:
        try:
            presence.withdraw()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert registry.look().withdrawn == frozenset()
