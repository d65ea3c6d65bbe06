"""The twin in memory does as the registry on Redis does, whatever is done to both."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from extract.registry import (
    InMemoryRegistry,
    Memory,
    RedisRegistry,
    Registry,
    Snapshot,
    Withdrawn,
)
from tests.redis_server import RedisServer
from tests.registry.scene import instance, signed

IDS = ("one", "two", "three")
RECORDS = {
    (id, weight): signed(instance(id, weight=weight, address="127.0.0.1:1"))
    for id in IDS
    for weight in (1, 2)
}


def outcome(do: Any) -> Any:
    try:
        return do()
    except Withdrawn:
        return Withdrawn


def told(snapshot: Snapshot) -> tuple[Any, ...]:
    records = sorted((record.id, record.signed.payload) for record in snapshot.records)
    return records, snapshot.withdrawn, snapshot.drained


def machine_over(server: RedisServer) -> type[RuleBasedStateMachine]:
    class Both(RuleBasedStateMachine):
        """Each step is done to both; both say the same, and wake the same."""

        def __init__(self) -> None:
            super().__init__()
            server.flush()
            self.memory = Memory()
            self.sides: tuple[Registry, ...] = (
                RedisRegistry(server.url),
                InMemoryRegistry(self.memory),
            )
            self.watchers: tuple[Registry, ...] = (
                RedisRegistry(server.url),
                InMemoryRegistry(self.memory),
            )

        def both(self, do: Any) -> None:
            for watcher in self.watchers:
                watcher.look()
                watcher.wait(0.001)
            mine, twins = (outcome(lambda side=side: do(side)) for side in self.sides)
            assert mine == twins
            # A change is there already; where there is none, this is all the time it costs.
            mine, twins = (watcher.wait(0.01) for watcher in self.watchers)
            assert mine == twins

        @rule(id=st.sampled_from(IDS), weight=st.sampled_from([1, 2]))
        def announce(self, id: str, weight: int) -> None:
            self.both(lambda side: side.announce(id, RECORDS[id, weight]))

        @rule(id=st.sampled_from(IDS))
        def withdraw(self, id: str) -> None:
            self.both(lambda side: side.withdraw(id))

        @rule(ids=st.frozensets(st.sampled_from(IDS)))
        def set_drained(self, ids: frozenset[str]) -> None:
            self.both(lambda side: side.set_drained(ids))

        @rule()
        def flush(self) -> None:
            server.flush()
            self.memory.flush()

        @invariant()
        def they_say_the_same(self) -> None:
            mine, twins = (told(side.look()) for side in self.sides)
            assert mine == twins
            assert self.sides[0].drained() == self.sides[1].drained()

        def teardown(self) -> None:
            for side in (*self.sides, *self.watchers):
                side.close()

    return Both


def test_the_twin_does_the_same(redis: RedisServer) -> None:
    run_state_machine_as_test(
        machine_over(redis),
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
