"""What a registry remembers: the same of the one on Redis and of its twin."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from extract.registry import RedisRegistry, Registry, RegistryDown, Withdrawn
from tests.redis_server import RedisServer
from tests.registry.scene import Backing, announce, eventually, instance, signed

Connect = Callable[..., Registry]


def ids(registry: Registry) -> set[str]:
    return {record.id for record in registry.look().records}


def lapsed(registry: Registry) -> set[str]:
    return {record.id for record in registry.look().records if record.lapsed}


def test_who_announces_is_listed_as_signed(registry: Registry, connect: Connect) -> None:
    one = instance("one", weight=50, keys=({"kid": "k", "n": "é"},))
    announce(registry, one)
    (record,) = connect().look().records
    assert (record.id, record.signed, record.lapsed) == ("one", signed(one), False)


def test_nobody_told_it_of_drained_ones(registry: Registry) -> None:
    assert registry.look().drained is None
    assert registry.drained() is None


def test_a_lease_lapses_and_is_renewed(connect: Connect) -> None:
    registry = connect(lease=0.1)
    one = instance("one")
    announce(registry, one)
    assert lapsed(registry) == set()
    eventually(lambda: lapsed(registry) == {"one"})
    announce(registry, one)
    assert lapsed(registry) == set()


def test_a_withdrawal_is_remembered_for_a_while(connect: Connect) -> None:
    registry, other = connect(remembered=0.2), connect()
    one = instance("one")
    announce(registry, one)
    registry.withdraw("one")
    assert ids(other) == set()
    assert other.look().withdrawn == {"one"}
    with pytest.raises(Withdrawn, match="new id"):
        announce(other, one)
    assert ids(other) == set()
    eventually(lambda: not other.look().withdrawn)
    announce(other, one)
    assert ids(other) == {"one"}


def test_drained_ones_are_replaced_as_a_whole(registry: Registry, connect: Connect) -> None:
    other = connect()
    for drained in ({"one", "two"}, {"two", "three"}, set()):
        registry.set_drained(drained)
        assert other.look().drained == other.drained() == drained


CHANGES: dict[str, Callable[[Registry], Any]] = {
    "another instance": lambda registry: announce(registry, instance("two")),
    "another record": lambda registry: announce(registry, instance("one", weight=7)),
    "a withdrawal": lambda registry: registry.withdraw("one"),
    "a drain": lambda registry: registry.set_drained(["one"]),
    "an enabling": lambda registry: registry.set_drained([]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_wakes_who_waits(
    registry: Registry, connect: Connect, change: Callable[[Registry], Any]
) -> None:
    announce(registry, instance("one"))
    registry.set_drained(["someone"])
    other = connect()
    other.look()
    other.wait(0.01)
    waited: list[bool] = []
    waiting = threading.Thread(target=lambda: waited.append(other.wait(20)))
    waiting.start()
    change(registry)
    waiting.join(10)
    assert waited == [True]


def test_a_change_between_looking_and_waiting_is_no_surprise_lost(
    registry: Registry, connect: Connect
) -> None:
    for waited_before in (False, True):
        other = connect()
        other.look()
        if waited_before:
            assert other.wait(0.01) is False
        announce(registry, instance(f"one-{waited_before}"))
        assert other.wait(5) is True
        other.look()
        assert other.wait(0.01) is False


def test_what_is_no_change_wakes_nobody(registry: Registry, connect: Connect) -> None:
    one = instance("one")
    announce(registry, one)
    registry.set_drained(["one", "two"])
    other = connect()
    other.look()
    other.wait(0.01)
    announce(registry, one)
    registry.set_drained(["two", "one"])
    assert other.wait(0.05) is False


def test_one_that_comes_back_from_a_lapse_wakes_who_waits(connect: Connect) -> None:
    registry, other = connect(lease=0.05), connect()
    one = instance("one")
    announce(registry, one)
    eventually(lambda: lapsed(other) == {"one"})
    other.wait(0.01)
    announce(registry, one)
    assert other.wait(5) is True


def test_after_a_flush_it_starts_anew(
    backing: Backing, registry: Registry, connect: Connect
) -> None:
    other = connect()
    announce(registry, instance("one"), instance("two"))
    registry.set_drained(["one"])
    assert ids(other) == {"one", "two"}
    backing.flush()
    assert ids(other) == set()
    assert other.look().drained is None
    announce(registry, instance("three"))
    assert other.wait(5) is True
    assert ids(other) == {"three"}


def test_away_and_back(backing: Backing, registry: Registry) -> None:
    one = instance("one")
    announce(registry, one)
    registry.wait(0.01)
    backing.stop()
    calls: list[Callable[[], Any]] = [
        lambda: announce(registry, one),
        lambda: registry.withdraw("one"),
        lambda: registry.set_drained([]),
        registry.drained,
        registry.look,
        lambda: registry.wait(0.01),
    ]
    for call in calls:
        began = time.monotonic()
        with pytest.raises(RegistryDown):
            call()
        assert time.monotonic() - began < 2
    backing.start()
    announce(registry, one)
    assert ids(registry) == {"one"}
    assert registry.wait(0.01) is False


def test_a_restart_that_nobody_noticed_fails_no_call(backing: Backing, registry: Registry) -> None:
    one = instance("one")
    announce(registry, one)
    registry.look()
    backing.stop()
    backing.start()
    announce(registry, one)
    assert ids(registry) == {"one"}


def test_clusters_do_not_meet(redis: RedisServer) -> None:
    announce(RedisRegistry(redis.url, "shop"), instance("one"))
    assert ids(RedisRegistry(redis.url, "another")) == set()
