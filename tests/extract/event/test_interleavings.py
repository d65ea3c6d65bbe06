"""Whatever fails, dies, is lost or comes twice: each event takes effect once, in its order."""

from __future__ import annotations

import itertools
from collections import Counter as Tally
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.data import owned
from extract.event import publish
from extract.event.background import drain
from extract.event.envelope import Envelope
from extract.event.handling import finish_due, take_in
from extract.event.inbox import receive
from extract.event.relay import Relay
from extract.event.transport import InProcess
from tests.extract.event.scene import (
    PUBLISHER,
    SUBSCRIBER,
    Broken,
    Counted,
    Counter,
    Died,
    Forgetful,
    Interfered,
    count,
    die,
    inbox,
    outbox,
    recorded,
    time_passes,
)

_worlds = itertools.count()
THINGS = ("a", "b", "c")


def fail(*_: Any) -> None:
    raise Broken


def nothing(*_: Any) -> None:
    pass


class Working(InProcess):
    """Records and finishes at once, as a worker does."""

    def send(self, subscriber: str, envelope: Envelope, *, again: bool) -> None:
        take_in(subscriber, envelope, again=again)


FATES = {"subscriber fails": fail, "subscriber dies": die, "fails": fail, "dies": die}


class World:
    """One shop and what happens to it."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.name = f"world{next(_worlds)}"
        self.published: Tally[str] = Tally()

    def thing(self, name: str) -> str:
        return f"{self.name}-{name}"

    def do(self, action: str, subject: Any) -> None:
        try:
            getattr(self, action)(subject)
        except (Died, Broken):
            pass
        finally:
            self.counter.recording = self.counter.finishing = nothing

    def publish(self, name: str) -> None:
        self.published[name] += 1
        count(self.thing(name), self.published[name])

    def change_mind(self, name: str) -> None:
        with owned(PUBLISHER):
            thing = self.thing(name)
            publish(Counted(thing=thing, number=self.published[name] + 1), aggregate=thing)
            fail()

    def relay(self, fate: str) -> None:
        transports = {
            "well": Interfered(),
            "dies before": Interfered(before=die),
            "dies after": Interfered(after=die),
            "dies unconfirmed": Interfered(confirming=die),
            "fails after": Interfered(after=fail),
            "forgets": Forgetful(),
        }
        self.counter.recording = FATES.get(fate, nothing)
        Relay(PUBLISHER, transports.get(fate, Interfered())).run(limit=2)

    def work(self, fate: str) -> None:
        step, _, how = fate.partition(" ")
        setattr(self.counter, step, FATES.get(how, nothing))
        Relay(PUBLISHER, Working()).run(limit=2)

    def finish(self, fate: str) -> None:
        step, _, how = fate.partition(" ")
        setattr(self.counter, step, FATES.get(how, nothing))
        finish_due(SUBSCRIBER, limit=2)

    def redeliver(self, which: int) -> None:
        known = [row for row in outbox() if row.aggregate.startswith(f"{self.name}-")]
        if ready := [row for row in known if row.state == "done"]:
            receive(SUBSCRIBER, Envelope.of(ready[which % len(ready)]), again=which % 2 == 0)

    def time(self, _: None) -> None:
        time_passes()


RELAY = ["well", "dies before", "dies after", "dies unconfirmed", "fails after", "forgets",
         "subscriber fails", "subscriber dies"]  # fmt: skip
STEPS = ["well", "finishing dies", "finishing fails", "recording dies", "recording fails"]
actions = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from(THINGS)),
    st.tuples(st.just("change_mind"), st.sampled_from(THINGS)),
    st.tuples(st.just("relay"), st.sampled_from(RELAY)),
    st.tuples(st.just("work"), st.sampled_from(STEPS)),
    st.tuples(st.just("finish"), st.sampled_from(STEPS)),
    st.tuples(st.just("redeliver"), st.integers(0, 20)),
    st.tuples(st.just("time"), st.none()),
)


@pytest.fixture
def patient_counter(counter: Counter, settings: Any) -> Counter:
    settings.EXTRACT_MAX_ATTEMPTS = 1000
    return counter


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=st.lists(actions, max_size=25))
def test_each_event_takes_effect_once_and_in_order(
    patient_counter: Counter, history: list[tuple[str, Any]]
) -> None:
    patient_counter.finished.clear()
    world = World(patient_counter)
    for action, subject in history:
        world.do(action, subject)
    for _ in range(3):
        time_passes()
        drain()
    for name in THINGS:
        thing, expected = world.thing(name), list(range(1, world.published[name] + 1))
        assert recorded(thing) == expected
        assert [row.state for row in outbox(thing)] == ["done"] * len(expected)
        assert [row.state for row in inbox(thing)] == ["done"] * len(expected)
        finished = [number for of, number in patient_counter.finished if of == thing]
        assert list(dict.fromkeys(finished)) == expected
        assert finished == sorted(finished)
