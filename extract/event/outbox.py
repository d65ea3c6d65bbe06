"""Publishing: the event is written with the change it tells of, or not at all."""

from __future__ import annotations

import uuid
from functools import partial

from django.db import connections, transaction
from django.utils import timezone

from extract.data import OutsideDoor, alias_of, door_is_open
from extract.event.event import Event, encode_event
from extract.event.subscription import subscribers_of
from extract.event.wakeup import wake
from extract.testing.kill import KillPoint
from extract.trace import current_context

published = KillPoint("outbox.published")


def publish(event: Event, *, aggregate: str) -> None:
    """Write ``event`` to its app's outbox: one row for each app that subscribes to it.

    ``aggregate`` names the thing whose events must stay in order (at most 100 characters).
    Raises ``OutsideDoor`` unless inside ``owned(event.app)``.
    """
    from extract.event.models import OutboxEvent

    if not door_is_open(event.app):
        raise OutsideDoor(event.app, event.type)
    if not 0 < len(aggregate) <= 100:
        raise ValueError(
            f"{event.type} was published for the aggregate {aggregate!r}; "
            f"name one with 1 to 100 characters."
        )
    subscribers = subscribers_of(event.type)
    if not subscribers:
        return
    alias = alias_of(event.app)
    context = current_context()
    columns = {
        "event_id": uuid.uuid4(),
        "type": event.type,
        "version": event.version,
        "aggregate": aggregate,
        "sequence": _next_sequence(alias, aggregate),
        "occurred_at": timezone.now(),
        "correlation_id": context.correlation_id,
        "traceparent": context.traceparent,
        "subject": context.subject,
        "payload": encode_event(event),
    }
    OutboxEvent.objects.using(alias).bulk_create(
        [OutboxEvent(subscriber=subscriber, **columns) for subscriber in subscribers]
    )
    published()
    transaction.on_commit(partial(wake, "relay"), using=alias)


def _next_sequence(alias: str, aggregate: str) -> int:
    # One statement counts and locks: whoever publishes for the aggregate next waits for our
    # commit, so the order of sequence numbers is the order of commits.
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "INSERT INTO extract_eventsequence (aggregate, last) VALUES (%s, 1) "
            "ON CONFLICT (aggregate) DO UPDATE SET last = extract_eventsequence.last + 1 "
            "RETURNING last",
            [aggregate],
        )
        return int(cursor.fetchone()[0])
