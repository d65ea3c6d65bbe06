"""What waits for each app, since when, and how fast it is handled. Only reads."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db.models import Count, Min
from django.db.models.functions import Now
from django.utils import timezone

from extract.data import alias_of, open_apps
from extract.event.inbox import DATABASE_AWAY, rows_of
from extract.event.models import InboxEvent, OutboxEvent
from extract.event.pause import paused
from extract.event.subscription import subscribers_to
from extract.event.transport import Away, recorded_here
from extract.queue.broker import messages_for

MINUTE = timedelta(minutes=1)
LOOKED_UP = 5_000
"""How many events of each publisher, the oldest, are looked up in the subscriber's inbox."""
AT_ONCE = 500


class Depth(msgspec.Struct, frozen=True):
    """An app's queue. ``depth`` counts the events that were published for the app and that it has
    not handled: those in outboxes that its inbox does not have yet, and those that wait in its
    inbox, be it behind a dead letter. Dead letters themselves are counted apart.

    ``oldest`` is the age in seconds of the oldest of them, ``rate`` how many events a second were
    handled in the last minute, ``messages`` how many the broker holds for the app: None without
    one, or if it does not answer. Messages are no events: an event may be on its way twice.
    ``paused``: an operator lets it rest, so nothing of it is begun.

    An event that moves on between two reads may be counted twice, as may be those beyond the
    first ``LOOKED_UP`` of a publisher that arrived and are not confirmed.
    """

    depth: int
    oldest: float | None
    rate: float
    messages: int | None
    dead_letters: int
    paused: bool


def depths() -> dict[str, Depth]:
    """By app; without those whose databases this process has not open, or which do not answer.
    Of publishers elsewhere it is not known here what waits with them."""
    apps = open_apps()
    messages = messages_for(apps)
    found: dict[str, Depth] = {}
    for app in apps:
        with suppress(Away, *DATABASE_AWAY):
            publishers = [each for each in apps if app in subscribers_to(each)]
            found[app] = _depth(app, publishers, messages.get(app))
    return found


def _depth(app: str, publishers: Collection[str], messages: int | None) -> Depth:
    # Outboxes before the inbox: what arrives in between is counted twice, rather than never.
    waiting = [*(_not_arrived(app, publisher) for publisher in publishers), _arrived(app)]
    oldest = min((since for _, since in waiting if since), default=None)
    handled = rows_of(app).filter(state=InboxEvent.State.DONE, done_at__gt=Now() - MINUTE)
    return Depth(
        depth=sum(count for count, _ in waiting),
        oldest=max((timezone.now() - oldest).total_seconds(), 0.0) if oldest else None,
        rate=handled.count() / MINUTE.total_seconds(),
        messages=messages,
        dead_letters=rows_of(app).filter(state=InboxEvent.State.DEAD).count(),
        paused=paused(app) is not None,
    )


def _not_arrived(app: str, publisher: str) -> tuple[int, datetime | None]:
    """What waits in the publisher's outbox and is not in the app's inbox: how much, since when."""
    waiting = OutboxEvent.objects.using(alias_of(publisher)).filter(
        state=OutboxEvent.State.WAITING, subscriber=app
    )
    first = waiting.order_by("occurred_at").values_list("event_id", "occurred_at")[:LOOKED_UP]
    events = dict(first)
    count = len(events) if len(events) < LOOKED_UP else waiting.count()
    arrived = _recorded(app, list(events))
    since = (at for event_id, at in events.items() if event_id not in arrived)
    return count - len(arrived), next(since, None)


def _arrived(app: str) -> tuple[int, datetime | None]:
    """What waits in the app's inbox: how much, since when."""
    waiting = rows_of(app).filter(state=InboxEvent.State.WAITING)
    found = waiting.aggregate(count=Count("pk"), since=Min("occurred_at"))
    return found["count"], found["since"]


def _recorded(app: str, event_ids: list[UUID]) -> set[UUID]:
    chunks = (event_ids[at : at + AT_ONCE] for at in range(0, len(event_ids), AT_ONCE))
    return {found for chunk in chunks for found in recorded_here(app, chunk)}
