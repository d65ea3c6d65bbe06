"""What is published takes effect once, in order, and a failure stops only what depends on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.db.models.functions import Now
from structlog.testing import capture_logs

from extract.call import CallContext, current_context, new_context, using_context
from extract.data import in_any_transaction, owned
from extract.event.envelope import Envelope
from extract.event.handling import finish_due
from extract.event.inbox import receive
from extract.event.lease import Lease
from extract.event.models import InboxEvent, OutboxEvent, RelayLease
from extract.event.relay import Relay
from extract.event.worker import drain
from tests.extract.event.scene import (
    PUBLISHER,
    SUBSCRIBER,
    Broken,
    Counted,
    Counter,
    Forgetful,
    Interfered,
    count,
    inbox,
    outbox,
    recorded,
    time_passes,
)


def fail(event: Counted) -> None:
    raise Broken(f"{event.thing} {event.number}")


def test_an_event_takes_effect_once_and_is_finished(counter: Counter) -> None:
    count("a", 1, 2, 3)
    count("b", 1)
    assert drain() > 0
    assert (recorded("a"), recorded("b")) == ([1, 2, 3], [1])
    assert sorted(counter.finished) == [("a", 1), ("a", 2), ("a", 3), ("b", 1)]
    assert {row.state for row in outbox()} == {"done"}
    assert {row.state for row in inbox()} == {"done"}
    assert drain() == 0


def test_a_second_delivery_is_dropped(counter: Counter) -> None:
    count("a", 1)
    drain()
    envelope = Envelope.of(outbox()[0])
    assert receive(SUBSCRIBER, envelope) is False
    drain()
    assert recorded("a") == [1]
    assert counter.finished == [("a", 1)]


def test_deliveries_at_the_same_time_take_effect_once(counter: Counter, together) -> None:  # type: ignore[no-untyped-def]
    count("a", 1)
    envelope = Envelope.of(outbox()[0])
    assert sorted(together(lambda _: receive(SUBSCRIBER, envelope), 5)) == [False] * 4 + [True]
    assert recorded("a") == [1]


def test_second_steps_run_outside_transactions_and_first_ones_inside(counter: Counter) -> None:
    seen: list[bool] = []
    counter.recording = counter.finishing = lambda event: seen.append(in_any_transaction())
    count("a", 1)
    drain()
    assert seen == [True, False]


def test_a_step_claimed_by_one_process_is_not_run_by_another(counter: Counter) -> None:
    meanwhile: list[int] = []
    counter.finishing = lambda event: meanwhile.append(finish_due(SUBSCRIBER))
    count("a", 1, 2)
    drain()
    assert meanwhile == [0, 0]
    assert counter.finished == [("a", 1), ("a", 2)]


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


def test_a_failing_first_step_leaves_nothing_and_blocks_only_its_aggregate(
    counter: Counter,
) -> None:
    counter.recording = lambda event: event.thing == "a" and event.number == 2 and fail(event)
    count("a", 1, 2, 3)
    count("b", 1, 2, 3)
    drain()
    assert (recorded("a"), recorded("b")) == ([1], [1, 2, 3])
    _, second, third = outbox("a")
    assert (second.state, second.attempts, second.last_error) == ("waiting", 1, "Broken: a 2")
    assert (third.state, third.attempts) == ("waiting", 0)
    counter.recording = lambda event: None
    drain()
    assert recorded("a") == [1], "its next attempt is not due yet"
    time_passes()
    drain()
    assert recorded("a") == [1, 2, 3]


def test_a_failing_second_step_blocks_only_its_aggregate(counter: Counter) -> None:
    counter.finishing = lambda event: event.thing == "a" and event.number == 1 and fail(event)
    count("a", 1, 2)
    count("b", 1, 2)
    drain()
    assert counter.finished == [("b", 1), ("b", 2)]
    counter.finishing = lambda event: None
    time_passes()
    drain()
    assert counter.finished[2:] == [("a", 1), ("a", 2)]


def test_after_enough_attempts_it_is_a_dead_letter_and_the_next_goes_on(
    counter: Counter, settings: Any
) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 3
    counter.recording = lambda event: event.number == 1 and fail(event)
    with using_context(new_context(correlation_id="a-request")):
        count("a", 1, 2)
    with capture_logs() as logs:
        for attempts in (1, 2, 3):
            drain()
            assert outbox("a")[0].attempts == attempts
            time_passes()
    drain()
    assert [row.state for row in outbox("a")] == ["dead", "done"]
    assert recorded("a") == [2]
    (dead,) = [entry for entry in logs if entry["event"] == "relay.dead"]
    assert (dead["correlation_id"], dead["error"]) == ("a-request", "Broken: a 1")


def test_so_is_a_second_step_that_gives_up(counter: Counter, settings: Any) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 2
    counter.finishing = lambda event: event.number == 1 and fail(event)
    with using_context(new_context(correlation_id="a-request")):
        count("a", 1, 2)
    with capture_logs() as logs:
        drain()
        time_passes()
        drain()
    assert [row.state for row in inbox("a")] == ["dead", "done"]
    assert counter.finished == [("a", 2)]
    (dead,) = [entry for entry in logs if entry["event"] == "inbox.dead"]
    assert (dead["correlation_id"], dead["attempts"]) == ("a-request", 2)


def test_a_step_that_kills_its_process_each_time_is_given_up(
    counter: Counter, settings: Any
) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 2

    def die(event: Counted) -> None:
        raise KeyboardInterrupt

    counter.finishing = die
    count("a", 1)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            drain()
        time_passes()
    drain()
    (row,) = inbox("a")
    assert row.state == "dead"
    assert "death of its process" in row.last_error


@pytest.mark.parametrize("step", ["recording", "finishing"])
def test_the_pauses_between_attempts_grow(counter: Counter, step: str) -> None:
    setattr(counter, step, fail)
    count("a", 1)
    pauses: list[float] = []
    for _ in range(9):
        drain()
        rows = (
            OutboxEvent.objects.using(PUBLISHER).filter(state="waiting")
            if step == ("recording")
            else InboxEvent.objects.using(SUBSCRIBER).filter(state="waiting")
        )
        due, now = rows.values_list("due_at", Now()).get()
        pauses.append((due - now).total_seconds())
        time_passes()
    assert pauses == sorted(pauses)
    assert 0 < pauses[0] < 1
    assert 600 < pauses[-1] < 2 * 3600


def test_while_one_relay_works_another_does_nothing(counter: Counter) -> None:
    idle = Interfered()
    other = Relay(PUBLISHER, idle)
    meanwhile: list[int] = []
    relay = Relay(PUBLISHER, Interfered(after=lambda: meanwhile.append(other.run())))
    count("a", 1)
    count("b", 1)
    assert relay.run() == 2
    assert meanwhile == [0, 0]
    assert idle.sent == []
    count("a", 2)
    assert other.run() == 1, "a relay that is done makes room at once"


def test_a_lapsed_lease_is_taken_over_and_the_former_holder_writes_nothing(
    counter: Counter,
) -> None:
    heir = Relay(PUBLISHER, Interfered())

    def lose_it() -> None:
        with owned(PUBLISHER):
            lapsed = Now() - timedelta(seconds=1)
            RelayLease.objects.using(PUBLISHER).update(until=lapsed)
        assert heir.run() == 1
        counter.recording = fail  # what the former holder finds must not be written down

    relay = Relay(PUBLISHER, Interfered(before=lose_it))
    count("a", 1)
    assert relay.run() == 0
    (row,) = outbox("a")
    assert (row.state, row.attempts, row.last_error) == ("done", 0, "")
    assert recorded("a") == [1]


def test_a_dead_relay_holds_up_the_next_until_its_lease_lapses(counter: Counter) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    count("a", 1)
    with pytest.raises(KeyboardInterrupt):
        Relay(PUBLISHER, Interfered(after=die)).run()
    assert drain() == 1, "only the second step"
    assert outbox("a")[0].state == "waiting"
    time_passes()
    drain()
    assert outbox("a")[0].state == "done"
    assert recorded("a") == [1]


def test_what_a_transport_loses_is_handed_over_again(counter: Counter) -> None:
    count("a", 1, 2)
    Relay(PUBLISHER, Forgetful()).run()
    (first, second) = outbox("a")
    assert (first.state, first.attempts) == ("waiting", 0)
    assert first.sent_at is not None
    assert second.sent_at is None, "it waits for the confirmation of the first"
    time_passes()
    drain()
    assert recorded("a") == [1, 2]


def test_a_confirmation_may_come_later_and_nothing_is_sent_twice_meanwhile(
    counter: Counter,
) -> None:
    count("a", 1)
    Relay(PUBLISHER, Forgetful()).run()
    envelope = Envelope.of(outbox("a")[0])
    transport = Interfered()
    with owned(PUBLISHER):
        OutboxEvent.objects.using(PUBLISHER).update(due_at=Now())
    Relay(PUBLISHER, transport).run()
    assert outbox("a")[0].state == "waiting"
    receive(SUBSCRIBER, envelope)  # the queue delivers at last
    with owned(PUBLISHER):
        OutboxEvent.objects.using(PUBLISHER).update(due_at=Now())
    Relay(PUBLISHER, transport).run()
    assert outbox("a")[0].state == "done"
    assert transport.sent == []


def test_another_version_of_an_event_waits_for_the_release_that_reads_it(
    counter: Counter,
) -> None:
    count("a", 1)
    with owned(PUBLISHER):
        OutboxEvent.objects.using(PUBLISHER).update(version=2)
    drain()
    (row,) = outbox("a")
    assert row.state == "waiting"
    assert "version 2" in row.last_error
    assert inbox("a") == []


def test_looking_for_work_only_reads(counter: Counter) -> None:
    count("a", 1)
    drain()
    statements: list[str] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        statements.append(sql)
        return execute(sql, params, many, context)

    with (
        connections[PUBLISHER].execute_wrapper(note),
        connections[SUBSCRIBER].execute_wrapper(note),
    ):
        assert drain([PUBLISHER, SUBSCRIBER]) == 0
    assert {sql.split()[0] for sql in statements} == {"SELECT"}
    assert len(statements) == 4


@pytest.mark.parametrize("before", ["nobody had it", "it has lapsed"])
def test_of_many_relays_that_start_at_once_one_gets_the_lease(
    counter: Counter, together: Callable[..., list[Any]], before: str
) -> None:
    if before == "it has lapsed":
        assert Lease(PUBLISHER).take()
        time_passes()
    assert sorted(together(lambda _: Lease(PUBLISHER).take(), 8)) == [False] * 7 + [True]
