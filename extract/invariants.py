"""What must hold of the layer's own rows, in every app's database: events, sagas, ownership."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from extract.audit.registry import Row, invariant
from extract.audit.streams import by_key, side_by_side
from extract.data import app_aliases
from extract.data.models import IdempotencyKey, Ownership
from extract.event.models import InboxEvent, OutboxEvent
from extract.saga.definition import saga_named
from extract.saga.models import SagaRun


@invariant("An event is recorded once per consumer.")
def events_recorded_once() -> Iterator[Row]:
    """Inbox rows that share consumer and event."""
    for app in app_aliases():
        twice = (
            InboxEvent.objects.using(app)
            .values("consumer", "event_id")
            .annotate(rows=Count("id"))
            .filter(rows__gt=1)
        )
        for row in twice.order_by("event_id").iterator():
            yield {"event": row["event_id"], "consumer": row["consumer"], "rows": row["rows"]}


@invariant("Every event in an outbox is recorded by its subscriber, waiting or a dead letter.")
def events_accounted_for() -> Iterator[Row]:
    """Outbox rows marked done that no inbox has, and rows of either in no known state."""
    aliases = app_aliases()
    for app in aliases:
        inbox, outbox = InboxEvent.objects.using(app), OutboxEvent.objects.using(app)
        for got in inbox.exclude(state__in=InboxEvent.State.values).iterator():
            yield {"inbox": f"{app}/{got.pk}", "event": got.event_id, "state": got.state}
        for row in outbox.exclude(state__in=OutboxEvent.State.values).iterator():
            yield {"outbox": f"{app}/{row.pk}", "event": row.event_id, "state": row.state}
        done = outbox.filter(state=OutboxEvent.State.DONE)
        for subscriber in done.values_list("subscriber", flat=True).distinct().order_by():
            recorded = _recorded(subscriber) if subscriber in aliases else ()
            sent = by_key(done.filter(subscriber=subscriber), "event_id", "type")
            for event, (rows, records) in side_by_side(sent, recorded):
                if rows and not records:
                    yield {
                        "event": event,
                        "type": rows[0][0],
                        "publisher": app,
                        "subscriber": subscriber,
                        "problem": "done, but not in the subscriber's inbox",
                    }


def _recorded(app: str) -> Iterator[tuple[Any, ...]]:
    return by_key(InboxEvent.objects.using(app).filter(consumer=app), "event_id")


@invariant("Every saga is finished, compensated, in time, or has a retry due.")
def sagas_under_way() -> Iterator[Row]:
    """Sagas overdue before their pivot that nobody compensates, or in no known state."""
    now = timezone.now()
    for app in app_aliases():
        sagas = SagaRun.objects.using(app)
        overdue = Q(status=SagaRun.Status.RUNNING, past_pivot=False, deadline_at__lt=now)
        # A process that holds the run is at work on it, or its hold lapses and another takes it.
        free = Q(held_until=None) | Q(held_until__lte=now)
        unknown = ~Q(status__in=SagaRun.Status.values)
        for run in sagas.filter((overdue & free) | unknown).iterator():
            if _only_goes_forward(run):
                continue
            yield {
                "saga": run.pk,
                "app": app,
                "name": run.saga,
                "status": run.status,
                "step": run.step,
                "deadline": run.deadline_at,
            }


MOST_FAILURES = 20
LONGEST_FAILING = timedelta(minutes=15)


@invariant("No saga that can only go on fails for the same reason without end.")
def sagas_get_on() -> Iterator[Row]:
    """Sagas past their pivot, or compensating, of which more than ``MOST_FAILURES`` tries in a row,
    or all for longer than ``LONGEST_FAILING``, ended in the same error. Apps that are away are no
    such error."""
    late = Q(failing_since__lt=timezone.now() - LONGEST_FAILING)
    stuck = Q(past_pivot=True) | Q(status=SagaRun.Status.COMPENSATING)
    for app in app_aliases():
        failing = SagaRun.objects.using(app).filter(status__in=SagaRun.UNFINISHED, failures__gt=0)
        for run in failing.filter(stuck, late | Q(failures__gt=MOST_FAILURES)).iterator():
            yield {
                "saga": run.pk,
                "app": app,
                "name": run.saga,
                "step": run.step,
                "reason": run.last_error,
                "failures": run.failures,
                "since": run.failing_since,
            }


def _only_goes_forward(run: SagaRun) -> bool:
    """Whether the run is at a pivot that cannot be undone, which is retried until it answers."""
    if run.status != SagaRun.Status.RUNNING:
        return False
    try:
        saga = saga_named(run.saga)
        step = saga.steps[saga.index(run.step)]
    except (KeyError, StopIteration):
        return False
    return step.pivot and not step.undoable


@invariant("No idempotency key waits for work that has ended or never began.")
def keys_answered() -> Iterator[Row]:
    """Keys without an answer whose saga is finished, compensated or not there."""
    for app in app_aliases():
        waiting = IdempotencyKey.objects.using(app).filter(status__isnull=True)
        under_way = SagaRun.objects.using(app).filter(status__in=SagaRun.UNFINISHED)
        for key in waiting.exclude(work__in=under_way.values("pk")).iterator():
            yield {"key": f"{app}/{key.pk}", "scope": key.scope, "work": key.work}


@invariant("The database that an app writes owns the app's rows.")
def databases_own_what_they_hold() -> Iterator[Row]:
    """Apps whose alias has no ownership row, or one that names another database."""
    for app in app_aliases():
        rows = Ownership.objects.using(app).filter(app=app)
        if not rows.exists():
            yield {"app": app, "problem": "no ownership row"}
        for row in rows.exclude(database=F("here")):
            yield {"app": app, "owner": row.database, "here": row.here, "epoch": row.epoch}
