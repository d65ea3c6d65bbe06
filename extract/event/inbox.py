"""The subscriber's side: each event is recorded once, together with its first step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from extract.data import alias_of, owned
from extract.event.claims import claim
from extract.event.delays import after_failure
from extract.event.envelope import Envelope
from extract.event.event import Event, decode_event
from extract.event.models import InboxEvent
from extract.event.pause import paused
from extract.event.steps import step_seconds
from extract.event.subscription import Subscription, subscription_of
from extract.event.wakeup import wake
from extract.testing.kill import KillPoint
from extract.trace import Kind, Span, span, using_context

logger = structlog.get_logger(__name__)

recording = KillPoint("inbox.recording")
recorded = KillPoint("inbox.recorded")
arrived = KillPoint("inbox.arrived")

State = InboxEvent.State

DATABASE_AWAY = (OperationalError, InterfaceError)
"""What says nothing of an event: it was not recorded, and is handed over again."""


class Unreadable(Exception):
    """An event arrived that this app does not subscribe to, or in another version."""


def receive(subscriber: str, envelope: Envelope, *, again: bool = False) -> bool:
    """Record the event in the subscriber's inbox and run its first step, in one transaction.

    Returns False when the event was there before: then nothing is done. An event whose first
    step fails, or that comes after one whose first step has still to be done, has merely
    arrived: the step is then run by whoever works on the inbox. So it is while the inbox is
    paused, and with one that is delivered ``again``: it may have killed the process that ran it,
    so its runs are counted before they begin. Raises ``DATABASE_AWAY``; then nothing is recorded.
    """
    return _receive(subscriber, envelope, again, {}) is not None


def receive_claimed(
    subscriber: str, envelope: Envelope, *, again: bool = False
) -> InboxEvent | None:
    """The same for a caller that will run the second step at once: returns the row, claimed for
    that; None if there is none to run, or not now."""
    row = _receive(subscriber, envelope, again, claim(attempts=1))
    return row if row is not None and row.attempts and not row.last_error else None


def _receive(
    subscriber: str, envelope: Envelope, again: bool, unfinished: dict[str, Any]
) -> InboxEvent | None:
    with hop(subscriber, envelope, "record") as current:
        failure: Exception | None = None
        if not again:
            try:
                return _record(subscriber, envelope, unfinished)
            except Exception as raised:
                # If it was the database that is away, it cannot be written that it arrived, either.
                failure = raised
        error = f"{type(failure).__name__}: {failure}" if failure else ""
        row = _arrive(subscriber, envelope, error)
        if row is None:
            current.labels["repeated"] = "yes"
        elif failure:
            current.failed(failure)
    if row is not None:
        arrived()
        if error:
            logger.warning("inbox.step_failed", **told(subscriber, envelope), error=error)
        wake("inbox")
    return row


def _record(subscriber: str, envelope: Envelope, unfinished: dict[str, Any]) -> InboxEvent:
    """Raises whatever the step does, or ``IntegrityError`` if it was there before."""
    with owned(subscriber):
        before = _last_undecided(subscriber, envelope.aggregate)
        must_wait = before is not None and before.recorded_at is None
        if must_wait or paused(subscriber):
            return rows_of(subscriber).create(**_columns(subscriber, envelope))
        subscription, event = read(subscriber, envelope)
        is_last = subscription.finish is None
        if before is not None:
            unfinished = {}
        fate = {"state": State.DONE, "done_at": Now()} if is_last else unfinished
        row = rows_of(subscriber).create(
            **_columns(subscriber, envelope), recorded_at=Now(), **fate
        )
        subscription.record(event)
        recording()
    recorded()
    if not (is_last or unfinished):
        wake("inbox")
    return row


def _arrive(subscriber: str, envelope: Envelope, error: str) -> InboxEvent | None:
    failed = after_failure(1, 0, error) if error else {}
    with owned(subscriber):
        row, is_new = rows_of(subscriber).get_or_create(
            consumer=subscriber,
            event_id=envelope.event_id,
            defaults={**_columns(subscriber, envelope), **failed},
        )
    return row if is_new else None


def _columns(subscriber: str, envelope: Envelope) -> dict[str, Any]:
    return {**envelope.columns, "consumer": subscriber}


def _last_undecided(app: str, aggregate: str) -> InboxEvent | None:
    """If its first step is done, so is that of each before it."""
    rows = rows_of(app).filter(aggregate=aggregate, state__in=InboxEvent.UNDECIDED)
    return rows.order_by("-id").only("recorded_at").first()


def rows_of(app: str) -> QuerySet[InboxEvent]:
    """The inbox of ``app``."""
    # All of one consumer, the app. To say so would lead SQLite to the wrong index.
    return InboxEvent.objects.using(alias_of(app))


def read(app: str, envelope: Envelope) -> tuple[Subscription[Any], Event]:
    """Who handles the event, and the event itself. Raises ``Unreadable`` or what msgspec does."""
    subscription = subscription_of(app, envelope.type)
    if subscription is None:
        raise Unreadable(f"{app} does not subscribe to {envelope.type}; declare a subscriber.")
    if subscription.event.version != envelope.version:
        raise Unreadable(
            f"{envelope.type} arrived in version {envelope.version}, but {app} reads version "
            f"{subscription.event.version}; run the matching release of it."
        )
    return subscription, decode_event(subscription.event, envelope.payload)


@contextmanager
def hop(app: str, envelope: Envelope, step: str, *, attempt: int = 1) -> Iterator[Span]:
    """Run a step of ``app`` for an event as a hop of the work that the event comes from."""
    waited = timezone.now() - envelope.occurred_at
    with (
        using_context(envelope.context(seconds=step_seconds())),
        span(
            f"{envelope.type} to {app}",
            Kind.CONSUMER,
            attempt=attempt,
            app=app,
            event=envelope.type,
            event_id=str(envelope.event_id),
            aggregate=envelope.aggregate,
            step=step,
            waited_ms=str(round(waited.total_seconds() * 1000)),
        ) as current,
    ):
        yield current


def told(app: str, event: Envelope | InboxEvent) -> dict[str, str]:
    """What a log line says of an event."""
    return {
        "app": app,
        "type": event.type,
        "event_id": str(event.event_id),
        "aggregate": event.aggregate,
        "correlation_id": event.correlation_id,
    }
