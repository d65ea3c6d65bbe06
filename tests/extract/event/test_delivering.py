"""What is published takes effect once, in order, under the context of whoever published it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from extract.call import CallContext, current_context, new_context, using_context
from extract.data import in_any_transaction
from extract.event.background import drain
from extract.event.envelope import Envelope
from extract.event.handling import finish_claimed, finish_due
from extract.event.inbox import receive, receive_claimed
from tests.extract.event.scene import (
    SUBSCRIBER,
    Counter,
    count,
    inbox,
    outbox,
    recorded,
    time_passes,
)


def test_an_event_takes_effect_once_and_is_finished(counter: Counter) -> None:
    count("a", 1, 2, 3)
    count("b", 1)
    assert drain() > 0
    assert (recorded("a"), recorded("b")) == ([1, 2, 3], [1])
    assert sorted(counter.finished) == [("a", 1), ("a", 2), ("a", 3), ("b", 1)]
    assert {row.state for row in outbox()} == {"done"}
    assert {row.state for row in inbox()} == {"done"}
    assert all(row.recorded_at is not None for row in inbox())
    assert drain() == 0


def test_a_second_delivery_is_dropped(counter: Counter) -> None:
    count("a", 1)
    drain()
    envelope = Envelope.of(outbox()[0])
    for again in (False, True):
        assert receive(SUBSCRIBER, envelope, again=again) is False
    drain()
    assert recorded("a") == [1]
    assert counter.finished == [("a", 1)]


def test_deliveries_at_the_same_time_take_effect_once(
    counter: Counter, together: Callable[..., list[Any]]
) -> None:
    count("a", 1)
    envelope = Envelope.of(outbox()[0])
    assert sorted(together(lambda _: receive(SUBSCRIBER, envelope), 5)) == [False] * 4 + [True]
    assert recorded("a") == [1]


def test_a_delivery_for_the_first_time_and_one_again_take_effect_once(
    counter: Counter, together: Callable[..., list[Any]]
) -> None:
    count("a", 1)
    envelope = Envelope.of(outbox()[0])
    came = together(lambda n: receive(SUBSCRIBER, envelope, again=n % 2 == 0), 6)
    assert sorted(came) == [False] * 5 + [True]
    drain()
    assert recorded("a") == [1]
    assert counter.finished == [("a", 1)]


def test_what_is_delivered_again_only_arrives_and_its_attempt_counts_before_it_runs(
    counter: Counter,
) -> None:
    seen: list[int] = []
    counter.recording = lambda event: seen.append(inbox()[0].attempts)
    count("a", 1)
    assert receive(SUBSCRIBER, Envelope.of(outbox()[0]), again=True) is True
    (row,) = inbox()
    assert (row.state, row.recorded_at, row.attempts) == ("waiting", None, 0)
    assert (recorded("a"), seen) == ([], [])
    assert finish_due(SUBSCRIBER) == 1
    assert (recorded("a"), seen) == ([1], [1])
    assert counter.finished == [("a", 1)]


def test_second_steps_run_outside_transactions_and_first_ones_inside(counter: Counter) -> None:
    seen: list[bool] = []
    counter.recording = counter.finishing = lambda event: seen.append(in_any_transaction())
    count("a", 1)
    drain()
    count("a", 2)
    receive(SUBSCRIBER, Envelope.of(outbox()[1]), again=True)
    drain()
    assert seen == [True, False] * 2


def test_a_step_claimed_by_one_process_is_not_run_by_another(counter: Counter) -> None:
    meanwhile: list[int] = []
    counter.finishing = lambda event: meanwhile.append(finish_due(SUBSCRIBER))
    count("a", 1, 2)
    drain()
    assert meanwhile == [0, 0]
    assert counter.finished == [("a", 1), ("a", 2)]


def test_who_records_an_event_may_claim_it_unless_something_waits_before_it(
    counter: Counter,
) -> None:
    count("a", 1, 2)
    count("b", 1)
    first, second, other = (Envelope.of(row) for row in outbox())
    claimed = receive_claimed(SUBSCRIBER, first)
    assert claimed is not None
    assert receive_claimed(SUBSCRIBER, first) is None
    assert receive_claimed(SUBSCRIBER, second) is None
    assert receive_claimed(SUBSCRIBER, other, again=True) is None
    assert (recorded("a"), recorded("b")) == ([1, 2], [])
    assert finish_due(SUBSCRIBER) == 1
    assert counter.finished == [("b", 1)]
    assert finish_claimed(SUBSCRIBER, claimed) is True
    assert finish_due(SUBSCRIBER) == 1
    assert counter.finished == [("b", 1), ("a", 1), ("a", 2)]
    assert {row.state for row in inbox()} == {"done"}


def test_a_claim_that_lapsed_is_anybodys(counter: Counter) -> None:
    count("a", 1)
    claimed = receive_claimed(SUBSCRIBER, Envelope.of(outbox()[0]))
    assert claimed is not None
    time_passes()
    assert finish_due(SUBSCRIBER) == 1
    assert inbox()[0].attempts == 2


def test_the_context_travels_to_both_steps(counter: Counter) -> None:
    seen: list[CallContext] = []
    counter.recording = counter.finishing = lambda event: seen.append(current_context())
    with using_context(new_context(correlation_id="a-request", subject="somebody")) as context:
        count("a", 1)
    drain()
    assert [(each.correlation_id, each.subject) for each in seen] == [("a-request", "somebody")] * 2
    trace = context.traceparent.split("-")[1]
    assert {each.traceparent.split("-")[1] for each in seen} == {trace}
    assert all(each.time_left > 0 for each in seen)
