"""An event is written with the change it tells of, or not at all."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import connections

from extract.call import new_context, using_context
from extract.data import OutsideDoor, owned
from extract.event import publish
from extract.event.models import EventSequence
from tests.extract.event.scene import PUBLISHER, SUBSCRIBER, Broken, Counted, Counter, count, outbox


def test_publishing_outside_the_door_is_refused(counter: Counter) -> None:
    event = Counted(thing="a", number=1)
    with pytest.raises(OutsideDoor):
        publish(event, aggregate="a")
    with owned(SUBSCRIBER), pytest.raises(OutsideDoor):
        publish(event, aggregate="a")
    assert outbox() == []


def test_a_transaction_that_fails_publishes_nothing(counter: Counter) -> None:
    count("a", 1)
    with suppress(Broken), owned(PUBLISHER):
        publish(Counted(thing="a", number=2), aggregate="a")
        raise Broken
    count("a", 3)
    assert [(row.payload, row.sequence) for row in outbox()] == [
        ('{"thing":"a","number":1}', 1),
        ('{"thing":"a","number":3}', 2),
    ]


def test_the_envelope_is_complete_from_the_start(counter: Counter) -> None:
    context = new_context(correlation_id="a-request", subject="somebody")
    with using_context(context):
        count("a", 1)
    (row,) = outbox()
    assert (row.type, row.version, row.aggregate, row.sequence) == ("product.Counted", 1, "a", 1)
    assert (row.correlation_id, row.traceparent) == ("a-request", context.traceparent)
    assert row.subject == "somebody"
    assert row.occurred_at is not None


def test_an_event_that_nobody_hears_leaves_nothing(database: None) -> None:
    count("a", 1)
    assert outbox() == []
    assert not EventSequence.objects.using(PUBLISHER).exists()


@pytest.mark.parametrize("aggregate", ["", "x" * 101])
def test_an_aggregate_has_a_name_that_fits(counter: Counter, aggregate: str) -> None:
    with owned(PUBLISHER), pytest.raises(ValueError, match="1 to 100 characters"):
        publish(Counted(thing="a", number=1), aggregate=aggregate)


def test_publishing_costs_two_statements(counter: Counter) -> None:
    statements: list[str] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        statements.append(sql)
        return execute(sql, params, many, context)

    with owned(PUBLISHER), connections[PUBLISHER].execute_wrapper(note):
        publish(Counted(thing="a", number=1), aggregate="a")
    assert [sql.split()[0] for sql in statements] == ["INSERT", "INSERT"]


def test_the_worker_is_woken_by_the_commit_and_only_by_it(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr("extract.event.outbox.wake", woken.append)
    with suppress(Broken), owned(PUBLISHER):
        publish(Counted(thing="a", number=1), aggregate="a")
        raise Broken
    with owned(PUBLISHER):
        publish(Counted(thing="a", number=1), aggregate="a")
        assert woken == []
    assert woken == ["relay"]
