"""One relay at a time hands over what is due, and sends again what nobody confirms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models.functions import Now

from extract.data import owned
from extract.event.background import drain
from extract.event.delays import confirmation_delay, resend_delay
from extract.event.envelope import Envelope
from extract.event.inbox import receive
from extract.event.lease import Lease
from extract.event.models import OutboxEvent, RelayLease
from extract.event.relay import Relay
from extract.event.transport import Away, InProcess
from tests.extract.event.scene import (
    PUBLISHER,
    SUBSCRIBER,
    Broken,
    Counter,
    Died,
    Forgetful,
    Interfered,
    count,
    die,
    fail,
    inbox,
    look_again,
    outbox,
    recorded,
    time_passes,
)


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
    (row,) = inbox("a")
    assert (row.state, row.attempts, row.last_error) == ("waiting", 0, "")
    counter.recording = lambda event: None
    drain()
    assert recorded("a") == [1]


def test_a_dead_relay_holds_up_the_next_until_its_lease_lapses(counter: Counter) -> None:
    count("a", 1)
    with pytest.raises(Died):
        Relay(PUBLISHER, Interfered(after=die)).run()
    assert drain() == 1, "only the second step"
    assert outbox("a")[0].state == "waiting"
    time_passes()
    drain()
    assert outbox("a")[0].state == "done"
    assert recorded("a") == [1]


def test_what_a_dead_relay_was_at_is_delivered_as_again_once(counter: Counter) -> None:
    heir = Forgetful()
    relay = Relay(PUBLISHER, heir)
    count("a", 1)
    with pytest.raises(Died):
        Relay(PUBLISHER, Interfered(before=die)).run()
    time_passes()
    relay.run()
    assert heir.taken == [True]
    count("b", 1)
    Relay(PUBLISHER, heir).run()
    assert heir.taken == [True, False], "nobody died since"


@pytest.mark.parametrize("before", ["nobody had it", "it has lapsed"])
def test_of_many_relays_that_start_at_once_one_gets_the_lease(
    counter: Counter, together: Callable[..., list[Any]], before: str
) -> None:
    if before == "it has lapsed":
        assert Lease(PUBLISHER).take()
        time_passes()
    assert sorted(together(lambda _: Lease(PUBLISHER).take(), 8)) == [False] * 7 + [True]


def test_what_a_transport_loses_is_handed_over_again(counter: Counter) -> None:
    count("a", 1, 2)
    Relay(PUBLISHER, Forgetful()).run()
    (first, second) = outbox("a")
    assert (first.state, first.attempts, first.sends, first.sent_to) == ("waiting", 0, 1, "here")
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
    look_again()
    Relay(PUBLISHER, transport).run()
    assert outbox("a")[0].state == "waiting"
    receive(SUBSCRIBER, envelope)  # the queue delivers at last
    look_again()
    Relay(PUBLISHER, transport).run()
    assert outbox("a")[0].state == "done"
    assert transport.sent == []


def test_what_is_awaited_elsewhere_than_things_go_now_is_sent_again_at_once(
    counter: Counter,
) -> None:
    transport = Forgetful(at="its own workers")
    relay = Relay(PUBLISHER, transport)
    count("a", 1)
    for at, taken in [
        ("its own workers", [False]),
        ("its own workers", [False]),
        ("home", [False, True]),
        ("home", [False, True]),
        ("its own workers", [False, True, True]),
    ]:
        transport.at = at
        look_again()
        relay.run()
        assert transport.taken == taken
        (row,) = outbox("a")
        assert (row.state, row.sent_to, row.sends) == ("waiting", at, len(taken))


def test_a_relay_that_looked_in_vain_rests_from_looking_and_not_from_sending(
    counter: Counter,
) -> None:
    relay = Relay(PUBLISHER, transport := Forgetful())
    count("a", 1)
    relay.run()
    look_again()
    assert relay.run() == 1
    look_again()
    count("b", 1)
    assert relay.run() == 1, "the new one alone"
    assert transport.taken == [False, False]
    assert relay.run() == 0


def test_confirmations_are_awaited_for_longer_after_each_hand_over(counter: Counter) -> None:
    waits = [resend_delay(sends) for sends in range(8)]
    assert waits == [0, 30, 60, 120, 240, 480, 600, 600]
    transport = Forgetful()
    count("a", 1)
    Relay(PUBLISHER, transport).run()
    for sends, wait in enumerate(waits[1:5], start=1):
        for seconds, expected in [(wait - 5, sends), (wait + 1, sends + 1)]:
            with owned(PUBLISHER):
                OutboxEvent.objects.using(PUBLISHER).update(
                    sent_at=Now() - timedelta(seconds=seconds), due_at=Now()
                )
            Relay(PUBLISHER, transport).run()
            assert len(transport.taken) == expected
    assert transport.taken == [False] + [True] * 4


@pytest.mark.parametrize("sends", [1, 4])
def test_what_no_queue_holds_any_more_is_sent_again_soon_however_often_it_was(
    counter: Counter, sends: int
) -> None:
    transport = Forgetful()
    count("a", 1)
    Relay(PUBLISHER, transport).run()
    for waiting, seconds, expected in [(True, 20, 1), (False, 2, 1), (False, 4, 2)]:
        transport.waiting = waiting
        with owned(PUBLISHER):
            OutboxEvent.objects.using(PUBLISHER).update(
                sends=sends, sent_at=Now() - timedelta(seconds=seconds), due_at=Now()
            )
        Relay(PUBLISHER, transport).run()
        assert len(transport.taken) == expected


def test_the_longer_a_confirmation_is_awaited_the_less_often_it_is_asked_for(
    counter: Counter,
) -> None:
    looks = [confirmation_delay(waited) for waited in (0.0, 0.2, 1.0, 5.0, 29.0, 600.0)]
    assert looks == sorted(looks)
    assert looks[0] == 0.05
    assert 3.0 <= looks[-1] < 5.0
    relay = Relay(PUBLISHER, Forgetful())
    count("a", 1)
    relay.run()
    with owned(PUBLISHER):
        OutboxEvent.objects.using(PUBLISHER).update(
            sent_at=Now() - timedelta(seconds=20), due_at=Now()
        )
    assert relay.run() == 1
    rows = OutboxEvent.objects.using(PUBLISHER)
    due, now = rows.values_list("due_at", Now()).get()
    assert timedelta(seconds=2) < due - now < timedelta(seconds=10)
    assert relay.run() == 0, "not before that"


def test_a_subscriber_that_cannot_say_what_arrived_is_asked_again(counter: Counter) -> None:
    class Mute(InProcess):
        def confirmed(self, subscriber: str, event_ids: object) -> set[UUID]:
            raise Away("it says nothing")

    count("a", 1)
    Relay(PUBLISHER, Mute()).run()
    (row,) = outbox("a")
    assert (row.state, row.sends, row.attempts, row.last_error) == ("waiting", 1, 0, "")
    transport = Interfered()
    look_again()
    Relay(PUBLISHER, transport).run()
    assert outbox("a")[0].state == "done"
    assert transport.sent == []
    assert recorded("a") == [1]


def test_an_event_that_cannot_be_sent_holds_up_only_its_aggregate(counter: Counter) -> None:
    class Picky(InProcess):
        def send(self, subscriber: str, envelope: Envelope, *, again: bool) -> None:
            if envelope.aggregate == "a":
                raise Broken("too large")
            super().send(subscriber, envelope, again=again)

    count("a", 1, 2)
    count("b", 1)
    Relay(PUBLISHER, Picky()).run()
    first, second = outbox("a")
    assert (first.state, first.attempts, first.last_error) == ("waiting", 1, "Broken: too large")
    assert (first.sends, second.attempts) == (0, 0)
    assert recorded("b") == [1]
    time_passes()
    drain()
    assert recorded("a") == [1, 2]
    assert outbox("a")[0].last_error == ""
