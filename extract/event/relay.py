"""Takes events from an app's outbox to their subscribers, in order per aggregate."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

import structlog
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from extract.data import alias_of, owned
from extract.event.envelope import Envelope
from extract.event.lease import Lease, LeaseLost
from extract.event.models import OutboxEvent
from extract.event.retry import after_failure
from extract.event.transport import Transport
from extract.testing.kill import KillPoint

logger = structlog.get_logger(__name__)

taken = KillPoint("relay.taken")
sent = KillPoint("relay.sent")
confirming = KillPoint("relay.confirming")
confirmed = KillPoint("relay.confirmed")

State = OutboxEvent.State
LOOK_AGAIN = timedelta(seconds=0.5)
"""How long after handing over the inbox is asked again, where it did not confirm at once."""
SEND_AGAIN = timedelta(seconds=30)
"""How long a confirmation is awaited before the event is handed over again."""


class Relay:
    """The relay of one app's outbox. Of many, one at a time works, by its lease."""

    def __init__(self, app: str, transport: Transport) -> None:
        self.app = app
        self._transport = transport
        self._lease = Lease(app)

    def run(self, *, limit: int = 100) -> int:
        """Hand over up to ``limit`` events that are due; returns how many rows it moved on.

        0 if nothing is due or another relay is at work. Only reads in the first case. A
        caller that gets another number should call again: more may be due.
        """
        if not _due(self.app).exists() or not self._lease.take():
            return 0
        taken()
        try:
            return self._deliver(list(_due(self.app).order_by("due_at", "id")[:limit]))
        except LeaseLost:
            logger.warning("relay.lease_lost", app=self.app)
            return 0

    def _deliver(self, rows: list[OutboxEvent]) -> int:
        failures = {row.pk: error for row in rows if (error := self._hand_over(row))}
        handed = [row for row in rows if row.pk not in failures]
        done = self._confirmed(handed)
        confirming()
        waiting = [row for row in handed if row.pk not in done]
        with owned(self.app):
            self._lease.release()
            self._note(done, waiting)
            dead = [row for row in rows if row.pk in failures and self._failed(row, failures)]
        confirmed()
        for row in dead:
            logger.error("relay.dead", **self._told(row, failures))
        return len(rows)

    def _hand_over(self, row: OutboxEvent) -> str:
        """Send the row unless its confirmation is still awaited; returns what went wrong."""
        self._lease.renew_in_time()
        if row.sent_at is not None and timezone.now() - row.sent_at < SEND_AGAIN:
            return ""
        row.sent_at = timezone.now()
        try:
            self._transport.send(row.subscriber, Envelope.of(row))
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        sent()
        return ""

    def _confirmed(self, rows: list[OutboxEvent]) -> set[int]:
        by_subscriber: defaultdict[str, dict[UUID, int]] = defaultdict(dict)
        for row in rows:
            by_subscriber[row.subscriber][row.event_id] = row.pk
        return {
            pks[event_id]
            for subscriber, pks in by_subscriber.items()
            for event_id in self._transport.confirmed(subscriber, list(pks))
        }

    def _note(self, done: set[int], waiting: list[OutboxEvent]) -> None:
        if done:
            _waiting(self.app).filter(pk__in=done).update(
                state=State.DONE, done_at=Now(), last_error=""
            )
        for row in waiting:
            _waiting(self.app).filter(pk=row.pk).update(
                sent_at=row.sent_at, due_at=Now() + LOOK_AGAIN
            )

    def _failed(self, row: OutboxEvent, failures: dict[int, str]) -> bool:
        """Note the failure; returns whether the event was given up."""
        columns = after_failure(row.attempts + 1, failures[row.pk])
        _waiting(self.app).filter(pk=row.pk).update(**columns, sent_at=None)
        logger.warning("relay.failed", **self._told(row, failures))
        return columns.get("state") == State.DEAD

    def _told(self, row: OutboxEvent, failures: dict[int, str]) -> dict[str, object]:
        return {
            "app": self.app,
            "subscriber": row.subscriber,
            "type": row.type,
            "event_id": str(row.event_id),
            "aggregate": row.aggregate,
            "attempts": row.attempts + 1,
            "error": failures[row.pk],
            "correlation_id": row.correlation_id,
        }


def _waiting(app: str) -> QuerySet[OutboxEvent]:
    return OutboxEvent.objects.using(alias_of(app)).filter(state=State.WAITING)


def _due(app: str) -> QuerySet[OutboxEvent]:
    """What may be handed over now: of each subscriber and aggregate the first that waits."""
    earlier = _waiting(app).filter(
        subscriber=OuterRef("subscriber"),
        aggregate=OuterRef("aggregate"),
        sequence__lt=OuterRef("sequence"),
    )
    return _waiting(app).filter(~Exists(earlier), due_at__lte=Now())
