"""An inbox that is paused: events arrive and are confirmed, wait, and are handled in order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extract.event.handling import finish_due, hand_out
from extract.event.pause import pause, paused, resume
from extract.event.relay import Relay
from extract.event.transport import InProcess
from tests.extract.event.scene import (
    PUBLISHER,
    SUBSCRIBER,
    Counter,
    count,
    inbox,
    look_again,
    outbox,
    recorded,
)

pytestmark = pytest.mark.usefixtures("database")


def deliver() -> None:
    look_again()
    Relay(PUBLISHER, InProcess()).run()


def test_events_wait_and_none_is_lost(counter: Counter) -> None:
    assert pause(SUBSCRIBER, by="olive")
    assert not pause(SUBSCRIBER, by="max")
    count("a", 1, 2)
    count("b", 1)
    deliver()
    deliver()
    assert [row.state for row in outbox()] == ["done"] * 3
    assert [row.state for row in inbox()] == ["waiting"] * 3
    assert (recorded("a"), counter.finished) == ([], [])
    assert finish_due(SUBSCRIBER) == 0
    found = paused(SUBSCRIBER)
    assert found is not None
    assert found.by == "olive"

    assert resume(SUBSCRIBER)
    assert not resume(SUBSCRIBER)
    while finish_due(SUBSCRIBER):
        pass
    assert [row.state for row in inbox()] == ["done"] * 3
    assert sorted(counter.finished) == [("a", 1), ("a", 2), ("b", 1)]
    assert recorded("a") == [1, 2]


def test_what_has_arrived_before_waits_too(counter: Counter) -> None:
    count("a", 1)
    deliver()
    pause(SUBSCRIBER, by="olive")
    assert finish_due(SUBSCRIBER) == 0
    assert hand_out(SUBSCRIBER, "a queue", limit=9, again_after=timedelta(seconds=30)) == []
    assert recorded("a") == [1]
    resume(SUBSCRIBER)
    assert finish_due(SUBSCRIBER) == 1


def test_other_apps_go_on(counter: Counter) -> None:
    pause(PUBLISHER, by="olive")
    count("a", 1)
    deliver()
    assert finish_due(SUBSCRIBER) == 1
