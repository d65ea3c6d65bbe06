"""When an instance is left alone, for how long, and how it comes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from extract.call.remote.breaker import (
    ENOUGH,
    FIRST_REST,
    IN_A_ROW,
    LONGEST_REST,
    REFUSED_REST,
    WINDOW,
    Health,
    Standing,
    State,
)
from extract.call.remote.budget import CALLS_PER_RETRY, RESERVE, Budget, pause


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def standing(clock: Clock) -> Standing:
    return Health(clock).of("one")


def fail(standing: Standing, times: int = IN_A_ROW) -> None:
    for _ in range(times):
        assert standing.begin("look")
        standing.silent("look")


def fail_half(standing: Standing, times: int, each: Callable[[], None] = lambda: None) -> None:
    """Every second call fails; all are let through."""
    for number in range(times):
        each()
        assert standing.begin("look"), number
        if number % 2:
            standing.silent("look")
        else:
            standing.answered("look")


def rest_of(standing: Standing, clock: Clock) -> float:
    """How long it rests from now on, to the tenth of a second."""
    began = clock.now
    while not standing.admits("look", clock.now):
        clock.now += 0.1
    return round(clock.now - began, 1)


def test_it_says_whether_it_is_called_as_a_whole_and_by_method(
    standing: Standing, clock: Clock
) -> None:
    assert standing.states() == {"": State.CLOSED}
    for _ in range(IN_A_ROW):
        assert standing.begin("look")
        standing.answered("look", failing=True)
    assert standing.states() == {"": State.CLOSED, "look": State.OPEN}
    clock.now += FIRST_REST
    assert standing.states() == {"": State.CLOSED, "look": State.HALF_OPEN}
    assert standing.begin("look")
    standing.answered("look")
    assert standing.states() == {"": State.CLOSED, "look": State.CLOSED}
    assert standing.begin("count")
    standing.refused("count")
    assert standing.states()[""] == State.OPEN


def test_what_refuses_rests_a_second_at_once_and_is_tried_once(
    standing: Standing, clock: Clock
) -> None:
    for _ in range(3):
        assert standing.begin("look")
        standing.refused("look")
        assert not standing.begin("look")
        assert rest_of(standing, clock) == pytest.approx(REFUSED_REST, abs=0.11)
    assert standing.begin("look")
    assert not standing.begin("look"), "one trial at a time"
    standing.answered("look")
    assert standing.begin("look")
    assert standing.begin("look")


def test_silence_in_a_row_opens_it_for_growing_times(standing: Standing, clock: Clock) -> None:
    fail(standing, IN_A_ROW - 1)
    assert standing.admits("look", clock.now)
    fail(standing, 1)
    rests = []
    for _ in range(7):
        rests.append(rest_of(standing, clock))
        fail(standing, 1)
    assert rests == pytest.approx([1, 2, 4, 8, 16, 30, 30], abs=0.11)
    assert rest_of(standing, clock) <= LONGEST_REST + 0.11
    assert standing.begin("look")
    standing.answered("look")
    fail(standing)
    assert rest_of(standing, clock) == pytest.approx(1, abs=0.11)


def test_an_answer_in_between_begins_the_row_anew(standing: Standing, clock: Clock) -> None:
    for _ in range(3):
        fail(standing, IN_A_ROW - 1)
        assert standing.begin("look")
        standing.answered("look")
    assert standing.admits("look", clock.now)


def test_too_large_a_part_failing_opens_it(standing: Standing, clock: Clock) -> None:
    fail_half(standing, ENOUGH)
    assert not standing.admits("look", clock.now)


def test_of_the_window_before_failures_count_still(standing: Standing, clock: Clock) -> None:
    fail_half(standing, ENOUGH - 2)
    clock.now += 1.9 * WINDOW
    fail_half(standing, 2)
    assert not standing.admits("look", clock.now)


def test_of_a_busy_time_before_a_quiet_one_failures_count_no_more(
    standing: Standing, clock: Clock
) -> None:
    for _ in range(3):
        fail_half(standing, ENOUGH - 2)
        clock.now += 2 * WINDOW
    assert standing.admits("look", clock.now)


def test_what_is_long_past_counts_no_more(standing: Standing, clock: Clock) -> None:
    def later() -> None:
        clock.now += 2 * WINDOW / (ENOUGH // 2)

    fail_half(standing, 3 * ENOUGH, later)


def test_once_it_is_well_again_earlier_failures_count_no_more(
    standing: Standing, clock: Clock
) -> None:
    fail_half(standing, ENOUGH)
    clock.now += FIRST_REST
    assert standing.begin("look")
    standing.answered("look")
    fail(standing, IN_A_ROW - 1)
    assert standing.admits("look", clock.now)


def test_a_method_that_breaks_rests_alone(standing: Standing, clock: Clock) -> None:
    for _ in range(IN_A_ROW):
        assert standing.begin("look")
        standing.answered("look", failing=True)
    assert not standing.begin("look")
    assert standing.begin("other")
    standing.answered("other")
    clock.now += 1
    assert standing.begin("look")
    standing.answered("look")
    assert standing.admits("look", clock.now)


def test_a_trial_that_tells_nothing_leaves_room_for_another(
    standing: Standing, clock: Clock
) -> None:
    fail(standing)
    clock.now += 1
    assert standing.begin("look")
    standing.told_nothing("look")
    assert standing.begin("look")
    assert standing.in_flight == 1


def test_those_that_are_gone_are_forgotten(clock: Clock) -> None:
    health = Health(clock)
    first = health.of("0")
    assert health.of("0") is first
    for number in range(1, 2000):
        health.of(str(number))
    assert len(health._standings) <= 500
    assert health.of("0") is not first


@pytest.mark.parametrize("calls", [100, 1000, 10_000])
def test_retries_are_a_fifth_of_the_calls_at_most(calls: int) -> None:
    budget, spent = Budget(), 0
    for _ in range(calls):
        budget.called()
        while budget.spend():
            spent += 1
    assert calls * 0.05 < spent <= calls * 0.2


def test_single_failures_may_always_be_made_good() -> None:
    budget = Budget()
    for _ in range(200):
        assert budget.spend()
        for _ in range(CALLS_PER_RETRY):
            budget.called()
    assert all(budget.spend() for _ in range(RESERVE))
    assert not budget.spend()


def test_pauses_grow_and_differ() -> None:
    for tries in range(1, 9):
        pauses = {pause(tries) for _ in range(50)}
        assert len(pauses) > 10
        longest = min(0.5, 0.02 * 2 ** (tries - 1))
        assert all(longest / 2 <= each <= longest for each in pauses)
