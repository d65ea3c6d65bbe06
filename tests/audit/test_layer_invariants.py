"""Each invariant of the layer finds the breach that is planted for it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.payment.checkout.saga import CHECKOUT
from apps.payment.models import Order
from apps.payment.refunds import REFUND
from extract.data import app_aliases, owned, unguarded
from extract.data.models import IdempotencyKey, Ownership
from extract.event.models import InboxEvent, OutboxEvent
from extract.saga.models import SagaRun
from tests.planting import change, remove, rows_breaking, without_constraint

ACCOUNTED = "Every event in an outbox is recorded by its subscriber, waiting or a dead letter."
RECORDED_ONCE = "An event is recorded once per consumer."
SAGAS = "Every saga is finished, compensated, in time, or has a retry due."
KEYS = "No idempotency key waits for work that has ended or never began."
OWNERS = "The database that an app writes owns the app's rows."


def an_event(**columns: Any) -> dict[str, Any]:
    return {
        "event_id": uuid.uuid4(),
        "type": "payment.Planted",
        "version": 1,
        "aggregate": "planted",
        "sequence": 1,
        "occurred_at": timezone.now(),
        "correlation_id": "planted",
        "payload": "{}",
        "due_at": timezone.now(),
    } | columns


def put_in_outbox(state: str, **columns: Any) -> uuid.UUID:
    event = an_event(subscriber="receipt", state=state, **columns)
    with owned("payment"):
        OutboxEvent.objects.using("payment").create(**event)
    return event["event_id"]


def put_in_inbox(event_id: uuid.UUID, *, app: str = "receipt", **columns: Any) -> None:
    event = an_event(event_id=event_id, consumer="receipt", **columns)
    with owned(app):
        InboxEvent.objects.using(app).create(**event)


def start_saga(**columns: Any) -> uuid.UUID:
    now = timezone.now()
    values = {"saga": CHECKOUT.name, "step": "reserve", "deadline_at": now, "due_at": now}
    with owned("payment"):
        return SagaRun.objects.using("payment").create(**(values | columns)).pk


def test_an_event_recorded_twice_is_found(database: None) -> None:
    event = uuid.uuid4()
    with without_constraint("receipt", InboxEvent, "extract_inbox_once"):
        put_in_inbox(event)
        assert rows_breaking(RECORDED_ONCE) == []
        put_in_inbox(event)
        assert rows_breaking(RECORDED_ONCE) == [{"event": event, "consumer": "receipt", "rows": 2}]


def test_an_event_done_that_nobody_recorded_is_found(database: None) -> None:
    recorded = put_in_outbox("done")
    put_in_inbox(recorded)
    lost = put_in_outbox("done", sequence=2)
    assert [row["event"] for row in rows_breaking(ACCOUNTED)] == [lost]


def test_an_event_in_another_apps_inbox_does_not_count(database: None) -> None:
    lost = put_in_outbox("done")
    put_in_inbox(lost, app="invoice")
    assert [row["event"] for row in rows_breaking(ACCOUNTED)] == [lost]


def test_waiting_and_dead_events_are_accounted_for(database: None) -> None:
    put_in_outbox("waiting")
    for sequence, state in enumerate(("waiting", "dead", "discarded", "done"), start=2):
        put_in_inbox(put_in_outbox("done", sequence=sequence), state=state, sequence=sequence)
    assert rows_breaking(ACCOUNTED) == []


def test_an_event_in_no_known_state_is_found(database: None) -> None:
    sent, given_up = put_in_outbox("mislaid"), put_in_outbox("dead", sequence=2)
    arrived = put_in_outbox("done", sequence=3)
    put_in_inbox(arrived, state="mislaid", sequence=3)
    found = rows_breaking(ACCOUNTED)
    assert {row["event"] for row in found} == {sent, given_up, arrived}
    (row,) = (row for row in found if row["event"] == arrived)
    assert (row["inbox"].partition("/")[0], row["state"]) == ("receipt", "mislaid")


def test_a_saga_overdue_before_its_pivot_is_found(database: None) -> None:
    late = timezone.now() - timedelta(seconds=1)
    overdue = start_saga(deadline_at=late)
    start_saga(deadline_at=timezone.now() + timedelta(minutes=1))
    assert [row["saga"] for row in rows_breaking(SAGAS)] == [overdue]


@pytest.mark.parametrize(
    "excuse",
    [
        {"past_pivot": True, "step": "invoice"},
        {"status": "compensating"},
        {"status": "finished"},
        {"holder": "someone", "held_until": timezone.now() + timedelta(days=1)},
        {"saga": REFUND.name, "step": "pay back"},
    ],
    ids=["past its pivot", "compensating", "finished", "held", "at a pivot that only goes forward"],
)
def test_a_saga_that_will_come_to_its_end_is_not_a_breach(
    database: None, excuse: dict[str, Any]
) -> None:
    start_saga(**({"deadline_at": timezone.now() - timedelta(seconds=1)} | excuse))
    assert rows_breaking(SAGAS) == []


def test_a_saga_in_no_known_state_is_found(database: None) -> None:
    lost = start_saga(status="astray")
    assert [row["saga"] for row in rows_breaking(SAGAS)] == [lost]


@pytest.mark.parametrize(
    ("status", "broken"), [("finished", 1), ("compensated", 1), ("running", 0)]
)
def test_a_key_left_waiting_by_a_saga_that_ended_is_found(
    database: None, status: str, broken: int
) -> None:
    work = start_saga(status=status)
    with owned("payment"):
        IdempotencyKey.objects.using("payment").create(
            scope="checkout:planted", key="k", fingerprint="f", work=work
        )
    assert len(rows_breaking(KEYS)) == broken


def test_a_key_that_waits_for_nothing_is_found(database: None) -> None:
    with owned("payment"):
        IdempotencyKey.objects.using("payment").create(
            scope="checkout:planted", key="k", fingerprint="f", work=uuid.uuid4()
        )
    assert len(rows_breaking(KEYS)) == 1


def test_a_database_that_lost_its_app_is_found(database: None) -> None:
    for alias in app_aliases():
        row = Ownership.objects.using(alias).get(app=alias)
        with unguarded():
            Ownership.objects.using(alias).filter(app=alias).update(database=uuid.uuid4())
        try:
            assert [each["app"] for each in rows_breaking(OWNERS)] == [alias]
        finally:
            with unguarded():
                row.save(using=alias)
    assert rows_breaking(OWNERS) == []


def test_a_database_without_an_ownership_row_is_found(database: None) -> None:
    row = Ownership.objects.using("receipt").get(app="receipt")
    with unguarded():
        Ownership.objects.using("receipt").filter(app="receipt").delete()
    try:
        assert rows_breaking(OWNERS) == [{"app": "receipt", "problem": "no ownership row"}]
    finally:
        with unguarded():
            row.save(using="receipt", force_insert=True)


def test_a_real_event_whose_inbox_row_vanished_is_found(order: Order) -> None:
    assert rows_breaking(ACCOUNTED) == []
    inbox = InboxEvent.objects.using("receipt").filter(aggregate=str(order.pk))
    gone = set(inbox.values_list("event_id", flat=True))
    remove(inbox)
    assert {row["event"] for row in rows_breaking(ACCOUNTED)} == gone
    change(OutboxEvent.objects.using("payment").filter(event_id__in=gone), state="waiting")
    assert rows_breaking(ACCOUNTED) == []
