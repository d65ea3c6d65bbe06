"""A publisher and a subscriber to try events on: product counts, payment keeps the count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from django.db.models.functions import Now

from apps.payment.models import Cart
from extract.data import app_aliases, owned
from extract.event import Event, Subscription, publish, subscribe
from extract.event.envelope import Envelope
from extract.event.models import InboxEvent, OutboxEvent, RelayLease
from extract.event.transport import Away, InProcess

PUBLISHER, SUBSCRIBER = "product", "payment"
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


class Counted(Event, frozen=True, kw_only=True):
    """The ``number``-th thing that happened to ``thing``."""

    app: ClassVar[str] = PUBLISHER

    thing: str
    number: int


class Broken(Exception):
    """It does not work now."""


def fail(event: Counted) -> None:
    raise Broken(f"{event.thing} {event.number}")


class Died(BaseException):
    """The process is gone, as far as the code that runs can tell."""


def die(*_: object) -> None:
    raise Died


class Counter:
    """Payment's subscription: a cart per event as its effect, and a list of what was finished.

    ``recording`` and ``finishing`` are called with each event, to fail or to look around.
    """

    def __init__(self) -> None:
        self.finished: list[tuple[str, int]] = []
        self.recording: Callable[[Counted], object] = lambda event: None
        self.finishing: Callable[[Counted], object] = lambda event: None
        self.subscription = self._declare()

    def _declare(self) -> Subscription[Counted]:
        @subscribe(Counted, app=SUBSCRIBER)
        def record(event: Counted) -> None:
            Cart.objects.create(
                subject=f"{event.thing}/{event.number}", version=effects(event.thing)
            )
            self.recording(event)

        @record.then
        def finish(event: Counted) -> None:
            self.finishing(event)
            self.finished.append((event.thing, event.number))

        return record


def effects(thing: str) -> int:
    return Cart.objects.filter(subject__startswith=f"{thing}/").count()


def recorded(thing: str) -> list[int]:
    """The numbers whose effects are committed, in the order in which they took effect."""
    carts = Cart.objects.filter(subject__startswith=f"{thing}/").order_by("version")
    return [int(subject.partition("/")[2]) for subject in carts.values_list("subject", flat=True)]


def count(thing: str, *numbers: int) -> None:
    """Publish, each number in a transaction of its own."""
    for number in numbers:
        with owned(PUBLISHER):
            publish(Counted(thing=thing, number=number), aggregate=thing)


def outbox(thing: str = "") -> list[OutboxEvent]:
    rows = OutboxEvent.objects.using(PUBLISHER).filter(subscriber=SUBSCRIBER)
    return list((rows.filter(aggregate=thing) if thing else rows).order_by("id"))


def inbox(thing: str = "") -> list[InboxEvent]:
    rows = InboxEvent.objects.using(SUBSCRIBER)
    return list((rows.filter(aggregate=thing) if thing else rows).order_by("id"))


def look_again() -> None:
    """What is awaited may be asked for now, though no time has passed since it was sent."""
    with owned(PUBLISHER):
        OutboxEvent.objects.using(PUBLISHER).update(due_at=Now())


def time_passes() -> None:
    """Long enough for every lease and claim to lapse and every pause to end."""
    for app in app_aliases():
        with owned(app):
            RelayLease.objects.using(app).update(until=LONG_AGO)
            for rows in (OutboxEvent.objects.using(app), InboxEvent.objects.using(app)):
                rows.exclude(state__in=["done", "dead"]).update(due_at=LONG_AGO)
            OutboxEvent.objects.using(app).exclude(sent_at=None).update(sent_at=LONG_AGO)


class Interfered(InProcess):
    """In process, with something going on before and after each hand-over."""

    def __init__(
        self,
        *,
        before: Callable[[], object] = lambda: None,
        after: Callable[[], object] = lambda: None,
        confirming: Callable[[], object] = lambda: None,
    ) -> None:
        self.before, self.after, self.confirming = before, after, confirming
        self.sent: list[Envelope] = []

    def send(self, subscriber: str, envelope: Envelope, *, again: bool) -> None:
        self.before()
        super().send(subscriber, envelope, again=again)
        self.sent.append(envelope)
        self.after()

    def confirmed(self, subscriber: str, event_ids: object) -> set[UUID]:
        self.confirming()
        return super().confirmed(subscriber, event_ids)  # type: ignore[arg-type]


class Forgetful(InProcess):
    """Takes everything and delivers nothing, like a broker that loses its memory.

    ``at`` is where it takes things to, ``taken`` tells of each whether it came again. ``waiting``:
    what it took may be there still, as far as it can be told.
    """

    def __init__(self, at: str = "here", *, waiting: bool = True) -> None:
        self.at = at
        self.waiting = waiting
        self.taken: list[bool] = []

    def place(self, subscriber: str) -> str:
        return self.at

    def may_wait(self, subscriber: str) -> bool:
        return self.waiting

    def send(self, subscriber: str, envelope: Envelope, *, again: bool) -> None:
        self.taken.append(again)


class Unreachable(InProcess):
    """In process, but for ``away``: subscribers to whom nothing can be handed over."""

    def __init__(self, *away: str) -> None:
        self.away = set(away)
        self.tried: list[str] = []

    def send(self, subscriber: str, envelope: Envelope, *, again: bool) -> None:
        self.tried.append(subscriber)
        if subscriber in self.away:
            raise Away("the road is closed")
        super().send(subscriber, envelope, again=again)
