"""A failure stops what depends on it and nothing else, and is set aside after enough attempts."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.functions import Now
from structlog.testing import capture_logs

from extract.call import ProviderAway, new_context, using_context
from extract.event import delays
from extract.event.background import drain
from extract.event.delays import delay_in_outage
from extract.event.models import InboxEvent
from tests.extract.event.scene import (
    SUBSCRIBER,
    Counted,
    Counter,
    Died,
    count,
    die,
    fail,
    inbox,
    outbox,
    recorded,
    time_passes,
)


@pytest.fixture
def _long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """No attempt is due before the test says that time has passed."""
    monkeypatch.setattr(delays, "FIRST_DELAY", 60.0)


@pytest.mark.usefixtures("_long_pauses")
def test_an_event_whose_first_step_fails_has_arrived_and_blocks_only_its_aggregate(
    counter: Counter,
) -> None:
    counter.recording = lambda event: event.thing == "a" and event.number == 2 and fail(event)
    count("a", 1, 2, 3)
    count("b", 1, 2, 3)
    drain()
    assert (recorded("a"), recorded("b")) == ([1], [1, 2, 3])
    assert {row.state for row in outbox()} == {"done"}, "what has arrived is not sent again"
    _, second, third = inbox("a")
    assert (second.state, second.recorded_at, second.attempts) == ("waiting", None, 1)
    assert second.last_error == "Broken: a 2"
    assert (third.state, third.recorded_at, third.attempts) == ("waiting", None, 0)
    counter.recording = lambda event: None
    drain()
    assert recorded("a") == [1], "its next attempt is not due yet"
    count("a", 4)
    drain()
    assert recorded("a") == [1], "what comes later waits behind it"
    time_passes()
    drain()
    assert recorded("a") == [1, 2, 3, 4]
    assert [(row.state, row.last_error) for row in inbox("a")] == [("done", "")] * 4
    assert [number for thing, number in counter.finished if thing == "a"] == [1, 2, 3, 4]


@pytest.mark.usefixtures("_long_pauses")
def test_a_failing_second_step_blocks_only_the_second_steps_of_its_aggregate(
    counter: Counter,
) -> None:
    counter.finishing = lambda event: event.thing == "a" and event.number == 1 and fail(event)
    count("a", 1, 2)
    count("b", 1, 2)
    drain()
    assert recorded("a") == [1, 2]
    assert counter.finished == [("b", 1), ("b", 2)]
    counter.finishing = lambda event: None
    time_passes()
    drain()
    assert counter.finished[2:] == [("a", 1), ("a", 2)]
    assert recorded("a") == [1, 2]


@pytest.mark.usefixtures("_long_pauses")
def test_after_enough_attempts_it_is_a_dead_letter_that_holds_up_its_aggregate_alone(
    counter: Counter, settings: Any
) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 3
    counter.recording = lambda event: event.thing == "a" and event.number == 1 and fail(event)
    with using_context(new_context(correlation_id="a-request")):
        count("a", 1, 2)
    count("b", 1)
    with capture_logs() as logs:
        for attempts in (1, 2, 3):
            drain()
            assert inbox("a")[0].attempts == attempts
            time_passes()
        count("a", 3)
        count("b", 2)
        drain()
    assert [row.state for row in inbox("a")] == ["dead", "waiting", "waiting"]
    assert [row.attempts for row in inbox("a")] == [3, 0, 0]
    assert {row.state for row in outbox()} == {"done"}
    assert (recorded("a"), recorded("b")) == ([], [1, 2])
    assert counter.finished == [("b", 1), ("b", 2)]
    (dead,) = [entry for entry in logs if entry["event"] == "inbox.dead"]
    assert (dead["correlation_id"], dead["error"]) == ("a-request", "Broken: a 1")
    assert (dead["attempts"], dead["log_level"]) == (3, "error")


@pytest.mark.usefixtures("_long_pauses")
def test_so_is_a_second_step_that_gives_up(counter: Counter, settings: Any) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 2
    counter.finishing = lambda event: event.thing == "a" and event.number == 1 and fail(event)
    with using_context(new_context(correlation_id="a-request")):
        count("a", 1, 2)
    count("b", 1)
    with capture_logs() as logs:
        drain()
        time_passes()
        drain()
    assert [row.state for row in inbox("a")] == ["dead", "waiting"]
    assert recorded("a") == [1, 2]
    assert counter.finished == [("b", 1)]
    (dead,) = [entry for entry in logs if entry["event"] == "inbox.dead"]
    assert (dead["correlation_id"], dead["attempts"]) == ("a-request", 2)


def test_one_attempt_may_be_all_there_is(counter: Counter, settings: Any) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 1
    counter.recording = fail
    count("a", 1)
    drain()
    (row,) = inbox("a")
    assert (row.state, row.attempts, row.last_error) == ("dead", 1, "Broken: a 1")


def test_attempts_for_which_another_app_was_away_do_not_count(
    counter: Counter, settings: Any
) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 2

    def away(event: Counted) -> None:
        raise ProviderAway("shelf.count", "no instance of shelf is there")

    counter.finishing = away
    count("a", 1)
    for _ in range(5):
        drain()
        time_passes()
    (row,) = inbox("a")
    assert (row.state, row.attempts) == ("waiting", 5)
    counter.finishing = fail
    drain()
    time_passes()
    assert inbox("a")[0].state == "waiting"
    drain()
    assert inbox("a")[0].state == "dead"


def test_a_short_outage_is_over_for_an_event_within_fifteen_seconds() -> None:
    pauses = [delay_in_outage(attempts) for attempts in range(1, 40)]
    lasted = list(accumulate(pauses))
    assert pauses[0] < 1
    for pause, outage in zip(pauses[1:], lasted, strict=False):
        assert pause <= 6 + 0.11 * outage
    assert delay_in_outage(300) <= 1.1 * delays.LONGEST_DELAY


@pytest.mark.parametrize(("step", "deaths"), [("recording", 3), ("finishing", 2)])
def test_a_step_that_kills_its_process_each_time_is_given_up(
    counter: Counter, settings: Any, step: str, deaths: int
) -> None:
    """The first death of a first step leaves no trace of the event, only of the relay."""
    settings.EXTRACT_MAX_ATTEMPTS = 2
    setattr(counter, step, lambda event: event.thing == "a" and die())
    count("a", 1, 2)
    count("b", 1)
    for _ in range(deaths):
        with pytest.raises(Died):
            drain()
        time_passes()
    drain()
    assert [row.state for row in inbox("a")] == ["dead", "waiting"]
    assert "death of its process" in inbox("a")[0].last_error
    assert [row.state for row in inbox("b")] == ["done"]
    assert recorded("b") == [1]


def test_what_the_database_refuses_is_a_failure_of_its_event_alone(
    counter: Counter, settings: Any
) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 2

    def refuse(event: Counted) -> None:
        if event.thing == "a":
            raise OperationalError("canceling statement due to statement timeout")

    counter.recording = refuse
    count("a", 1)
    count("b", 1)
    drain()
    assert recorded("b") == [1]
    time_passes()
    drain()
    (row,) = inbox("a")
    assert (row.state, row.recorded_at) == ("dead", None)
    assert "statement timeout" in row.last_error


@pytest.mark.parametrize("step", ["recording", "finishing"])
def test_the_pauses_between_attempts_grow(counter: Counter, step: str) -> None:
    setattr(counter, step, fail)
    count("a", 1)
    pauses: list[float] = []
    for _ in range(9):
        drain()
        rows = InboxEvent.objects.using(SUBSCRIBER).filter(state="waiting")
        due, now = rows.values_list("due_at", Now()).get()
        pauses.append((due - now).total_seconds())
        time_passes()
    assert pauses == sorted(pauses)
    assert 0 < pauses[0] < 1
    assert 600 < pauses[-1] < 2 * 3600


def test_another_version_of_an_event_waits_for_the_release_that_reads_it(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(Counted, "version", 2)
        count("a", 1)
    drain()
    (row,) = inbox("a")
    assert (row.state, row.recorded_at) == ("waiting", None)
    assert "version 2" in row.last_error
    monkeypatch.setattr(Counted, "version", 2)
    time_passes()
    drain()
    assert recorded("a") == [1]
