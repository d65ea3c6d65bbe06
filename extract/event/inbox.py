"""The subscriber's side: each event is recorded once, then finished until that succeeds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from extract.call.context import using_context
from extract.data import alias_of, owned
from extract.event.envelope import Envelope
from extract.event.event import Event, decode_event
from extract.event.models import InboxEvent
from extract.event.retry import after_failure, max_attempts
from extract.event.subscription import Subscription, subscription_of
from extract.event.wakeup import wake
from extract.testing.kill import KillPoint

logger = structlog.get_logger(__name__)

recording = KillPoint("inbox.recording")
recorded = KillPoint("inbox.recorded")
claimed = KillPoint("inbox.claimed")
finished = KillPoint("inbox.finished")
done = KillPoint("inbox.done")

State = InboxEvent.State


class Unreadable(Exception):
    """An event arrived that this app does not subscribe to, or in another version."""


def step_seconds() -> float:
    """How long one run of a second step may take before it counts as dead."""
    return float(getattr(settings, "EXTRACT_STEP_SECONDS", 20.0))


def receive(subscriber: str, envelope: Envelope) -> bool:
    """Record the event in the subscriber's inbox and run its first step, in one transaction.

    Returns False when the event was recorded before: then nothing is done. Raises what the
    subscriber raises, or ``Unreadable``; then nothing is recorded.
    """
    subscription, event = _read(subscriber, envelope)
    once = subscription.finish is None
    fate: dict[str, Any] = {"state": State.DONE, "done_at": Now()} if once else {}
    with using_context(envelope.context(seconds=step_seconds())):
        with owned(subscriber):
            _, is_new = InboxEvent.objects.using(alias_of(subscriber)).get_or_create(
                consumer=subscriber,
                event_id=envelope.event_id,
                defaults={**envelope.columns, **fate},
            )
            if not is_new:
                return False
            subscription.record(event)
            recording()
        recorded()
    if not once:
        wake("inbox")
    return True


def finish_due(app: str, *, limit: int = 50) -> int:
    """Run up to ``limit`` second steps of ``app`` that are due; returns how many ran.

    Of each aggregate only the oldest is due. Any process may do this at any time: a step is
    claimed before it runs, and the claim lapses if the process dies.
    """
    return sum(_finish(app, row) for row in _due(app).order_by("due_at", "id")[:limit])


def _due(app: str) -> QuerySet[InboxEvent]:
    waiting = _rows(app).filter(state=State.RECORDED)
    older = waiting.filter(aggregate=OuterRef("aggregate"), id__lt=OuterRef("id"))
    return waiting.filter(~Exists(older), due_at__lte=Now())


def _rows(app: str) -> QuerySet[InboxEvent]:
    # All of one consumer, the app. To say so would lead SQLite to the wrong index.
    return InboxEvent.objects.using(alias_of(app))


def _finish(app: str, row: InboxEvent) -> bool:
    if not _claim(app, row):
        return False
    claimed()
    envelope = Envelope.of(row)
    seconds = step_seconds()
    with using_context(envelope.context(seconds=seconds)):
        if row.attempts > max_attempts():
            _failed(app, row, "Each attempt ended with the death of its process.")
            return True
        try:
            subscription, event = _read(app, envelope)
            if subscription.finish is not None:
                subscription.finish(event)
        except Exception as error:
            _failed(app, row, f"{type(error).__name__}: {error}")
            return True
        finished()
        with owned(app):
            # Whoever else may have claimed it meanwhile: it is done.
            _rows(app).filter(pk=row.pk, state=State.RECORDED).update(
                state=State.DONE, done_at=Now(), last_error=""
            )
        done()
    return True


def _claim(app: str, row: InboxEvent) -> bool:
    """Make the row ours for as long as its step may take; False if another was faster."""
    free = _rows(app).filter(pk=row.pk, state=State.RECORDED, attempts=row.attempts)
    row.attempts += 1
    lapse = timedelta(seconds=step_seconds() * 1.25)
    with owned(app):
        return bool(
            free.filter(due_at__lte=Now()).update(attempts=row.attempts, due_at=Now() + lapse)
        )


def _failed(app: str, row: InboxEvent, error: str) -> None:
    columns = after_failure(row.attempts, error)
    with owned(app):
        _rows(app).filter(pk=row.pk, state=State.RECORDED, attempts=row.attempts).update(**columns)
    is_dead = columns.get("state") == State.DEAD
    log = logger.error if is_dead else logger.warning
    log(
        "inbox.dead" if is_dead else "inbox.step_failed",
        app=app,
        type=row.type,
        event_id=str(row.event_id),
        aggregate=row.aggregate,
        attempts=row.attempts,
        error=error,
        correlation_id=row.correlation_id,
    )


def _read(app: str, envelope: Envelope) -> tuple[Subscription[Any], Event]:
    subscription = subscription_of(app, envelope.type)
    if subscription is None:
        raise Unreadable(f"{app} does not subscribe to {envelope.type}; declare a subscriber.")
    if subscription.event.version != envelope.version:
        raise Unreadable(
            f"{envelope.type} arrived in version {envelope.version}, but {app} reads version "
            f"{subscription.event.version}; run the matching release of it."
        )
    return subscription, decode_event(subscription.event, envelope.payload)
