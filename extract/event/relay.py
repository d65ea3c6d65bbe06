"""Takes events from an app's outbox to their subscribers, in order per aggregate."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
import structlog
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from extract.data import alias_of, owned
from extract.event.delays import LOST_AFTER, confirmation_delay, later, resend_delay
from extract.event.envelope import Envelope
from extract.event.lease import Lease, LeaseLost
from extract.event.models import OutboxEvent
from extract.event.subscription import subscribers_to
from extract.event.transport import Away, Transport
from extract.testing.kill import KillPoint
from extract.trace import Kind, current_context, span, using_context
from extract.trace.context import DEFAULT_TIME

logger = structlog.get_logger(__name__)

taken = KillPoint("relay.taken")
sent = KillPoint("relay.sent")
confirming = KillPoint("relay.confirming")
confirmed = KillPoint("relay.confirmed")

State = OutboxEvent.State
LONGEST_DELAY = 3.0
"""Seconds at most between two tries to reach a subscriber that cannot be reached."""
FIRST_DELAY = 0.5
"""Seconds for which a relay does not look for confirmations after it found none, doubled each time
up to ``LONGEST_DELAY``: many may be awaited of a subscriber that is slow or stopped, and looking
costs those who are served here."""


class Relay:
    """The relay of one app's outbox. Of many, one at a time works, by its lease."""

    def __init__(self, app: str, transport: Transport) -> None:
        self.app = app
        self._transport = transport
        self._lease = Lease(app)
        self._away: dict[str, Rest] = {}
        self._in_vain: dict[str, Rest] = {}

    def run(self, *, limit: int = 100) -> int:
        """Hand over up to ``limit`` events that are due, for each subscriber; returns how many
        rows it moved on.

        0 if nothing is due, no subscriber can be reached or another relay is at work. Only reads
        in the first two cases. A caller that gets another number should call again: more may be
        due.
        """
        subscribers = [
            each
            for each in subscribers_to(self.app)
            if not self._is_away(each) and self._due_for(each).exists()
        ]
        if not subscribers or not self._lease.take():
            return 0
        taken()
        try:
            return self._deliver(subscribers, limit)
        except LeaseLost:
            logger.warning("relay.lease_lost", app=self.app)
            return 0

    def _deliver(self, subscribers: Iterable[str], limit: int) -> int:
        rounds = [self._hand_over(each, limit) for each in subscribers]
        confirming()
        with owned(self.app):
            self._lease.release()
            for each in rounds:
                each.note()
        confirmed()
        for each in rounds:
            each.tell()
        return sum(each.moved for each in rounds)

    def _hand_over(self, subscriber: str, limit: int) -> _Round:
        due = self._due_for(subscriber).order_by("due_at", "id").annotate(now=Now())
        now = _Round(self.app, subscriber, self._transport, self._lease)
        try:
            now.hand_over(due[:limit])
        except Away as error:
            self._rest(subscriber, str(error))
        else:
            if self._away.pop(subscriber, None):
                logger.info("relay.subscriber_back", app=self.app, subscriber=subscriber)
        now.ask()
        if now.was_in_vain:
            self._in_vain[subscriber] = _longer(self._in_vain.get(subscriber))
        elif now.found_some:
            self._in_vain.pop(subscriber, None)
        return now

    def _due_for(self, subscriber: str) -> QuerySet[OutboxEvent]:
        due = _due(self.app).filter(subscriber=subscriber)
        if time.monotonic() >= self._in_vain.get(subscriber, NEVER)[1]:
            return due
        return due.filter(~Q(sent_to=self._transport.place(subscriber)) | Q(sends=0))

    def _is_away(self, subscriber: str) -> bool:
        return time.monotonic() < self._away.get(subscriber, NEVER)[1]

    def _rest(self, subscriber: str, reason: str) -> None:
        is_news = subscriber not in self._away
        self._away[subscriber] = _longer(self._away.get(subscriber))
        if is_news:
            logger.warning(
                "relay.subscriber_away", app=self.app, subscriber=subscriber, reason=reason
            )


Rest = tuple[int, float]
"""How often in a row it came to that, and until when, on this process's clock."""
NEVER: Rest = (0, 0.0)


def _longer(before: Rest | None) -> Rest:
    times, _ = before or NEVER
    return times + 1, time.monotonic() + min(FIRST_DELAY * 2.0**times, LONGEST_DELAY)


class _Round:
    """What becomes of some rows for one subscriber; written down by ``note``, all at once."""

    def __init__(self, app: str, subscriber: str, transport: Transport, lease: Lease) -> None:
        self._app = app
        self._subscriber = subscriber
        self._transport = transport
        self._lease = lease
        self._place = transport.place(subscriber)
        self._may_wait: bool | None = None
        self._sent: list[OutboxEvent] = []
        self._awaited: list[OutboxEvent] = []
        self._failed: list[tuple[OutboxEvent, str]] = []
        self._done: set[int] = set()

    @property
    def moved(self) -> int:
        return len(self._sent) + len(self._awaited) + len(self._failed)

    @property
    def was_in_vain(self) -> bool:
        """Whether confirmations were looked for, and none was found."""
        return bool(self._awaited) and not self._done

    @property
    def found_some(self) -> bool:
        return bool(self._done)

    def hand_over(self, rows: Iterable[OutboxEvent]) -> None:
        """Send what is not awaited still. Raises ``Away``; the rest stays as it is then."""
        for row in rows:
            self._lease.renew_in_time()
            if self._is_awaited(row):
                self._awaited.append(row)
                continue
            # What the last holder of the lease was at may be what killed it.
            again = row.sends > 0 or self._lease.is_inherited
            try:
                self._send(Envelope.of(row), again=again, attempt=row.sends + 1)
            except Away:
                raise
            except Exception as error:
                self._failed.append((row, f"{type(error).__name__}: {error}"))
            else:
                self._sent.append(row)
                sent()

    def _send(self, envelope: Envelope, *, again: bool, attempt: int) -> None:
        """As a hop of its own: what the subscriber does is inside it."""
        labels = {
            "app": self._app,
            "subscriber": self._subscriber,
            "event": envelope.type,
            "event_id": str(envelope.event_id),
            "aggregate": envelope.aggregate,
        }
        context = envelope.context(seconds=DEFAULT_TIME)
        with (
            using_context(context),
            span(f"{envelope.type} sent", Kind.PRODUCER, attempt=attempt, **labels),
        ):
            sent_in = current_context().traceparent
            envelope = msgspec.structs.replace(envelope, traceparent=sent_in)
            self._transport.send(self._subscriber, envelope, again=again)

    def ask(self) -> None:
        """Find out what the subscriber has."""
        by_event = {row.event_id: row.pk for row in (*self._sent, *self._awaited)}
        if by_event:
            try:
                found = self._transport.confirmed(self._subscriber, list(by_event))
                self._done = {by_event[event_id] for event_id in found & by_event.keys()}
            except Away as error:
                logger.info("relay.not_confirmed", subscriber=self._subscriber, reason=str(error))
            except Exception:
                # What was sent is noted in any case, or it would be sent again at once.
                logger.exception("relay.asking_failed", subscriber=self._subscriber)

    def note(self) -> None:
        """Write down what became of the rows; in the transaction of ``owned``."""
        rows = _waiting(self._app)
        if self._done:
            rows.filter(pk__in=self._done).update(state=State.DONE, done_at=Now(), last_error="")
        if waiting := [row.pk for row in self._sent if row.pk not in self._done]:
            rows.filter(pk__in=waiting).update(
                sent_at=Now(),
                sent_to=self._place,
                sends=F("sends") + 1,
                due_at=Now() + timedelta(seconds=confirmation_delay(0.0)),
            )
        looks: defaultdict[float, list[int]] = defaultdict(list)
        for row in self._awaited:
            if row.pk not in self._done:
                looks[confirmation_delay(_since(row))].append(row.pk)
        for pause, pks in looks.items():
            rows.filter(pk__in=pks).update(due_at=Now() + timedelta(seconds=pause))
        for row, error in self._failed:
            rows.filter(pk=row.pk).update(**later(row.attempts + 1, error))

    def tell(self) -> None:
        """Log what failed."""
        for row, error in self._failed:
            logger.warning(
                "relay.failed",
                app=self._app,
                subscriber=self._subscriber,
                type=row.type,
                event_id=str(row.event_id),
                aggregate=row.aggregate,
                attempts=row.attempts + 1,
                error=error,
                correlation_id=row.correlation_id,
            )

    def _is_awaited(self, row: OutboxEvent) -> bool:
        since = _since(row)
        if row.sent_to != self._place or since >= resend_delay(row.sends):
            return False
        return since < LOST_AFTER or self._is_under_way()

    def _is_under_way(self) -> bool:
        if self._may_wait is None:
            self._may_wait = self._transport.may_wait(self._subscriber)
        return self._may_wait


def _since(row: OutboxEvent) -> float:
    """Seconds since the row was handed over, by the database's clock, which wrote that down."""
    now: datetime = vars(row)["now"]
    return (now - row.sent_at).total_seconds() if row.sent_at else float("inf")


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
