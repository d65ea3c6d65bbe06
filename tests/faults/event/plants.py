"""Bugs to plant in a process, each by putting another function in a place of one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from celery.worker.request import Request
from django.db.models.functions import Now

from extract.data import owned
from extract.event import handling, inbox
from extract.event.envelope import Envelope
from extract.event.event import Event
from extract.event.lease import Lease
from extract.event.models import InboxEvent
from extract.event.outbox import publish
from extract.queue.sending import Queued
from shop.celery import app
from tests.extract.event.scene import SUBSCRIBER, outbox
from tests.faults.event import journey


def no_inbox() -> None:
    """Whatever arrives takes effect; it is written down, but nobody looks whether it was there."""

    def receive(subscriber: str, envelope: Envelope, *, again: bool = False) -> InboxEvent | None:
        with owned(subscriber):
            subscription, event = inbox.read(subscriber, envelope)
            subscription.record(event)
            row, is_new = inbox.rows_of(subscriber).get_or_create(
                consumer=subscriber,
                event_id=envelope.event_id,
                defaults={**envelope.columns, "recorded_at": Now(), **inbox.claim(attempts=1)},
            )
        return row if is_new else None

    handling.receive_claimed = receive


def early_acknowledgement() -> None:
    """A message is acknowledged before it is worked on, which is Celery's default."""

    def on_accepted(self: Request, pid: int, time_accepted: float) -> None:
        # The setting would not do: while a worker without children works, it acknowledges nothing.
        self.message.ack()
        self.acknowledged = True

    Request.on_accepted = on_accepted


def confirm_before_commit() -> None:
    """What the broker has taken counts as what the inbox has."""

    def confirmed(self: Queued, subscriber: str, event_ids: Collection[UUID]) -> set[UUID]:
        return set(event_ids)

    Queued.confirmed = confirmed  # type: ignore[method-assign]


def publish_before_commit() -> None:
    """The event goes to the broker while the transaction that it tells of is open."""

    def publish_at_once(event: Event, *, aggregate: str) -> None:
        publish(event, aggregate=aggregate)
        (row,) = outbox(aggregate)
        Queued(app).send(SUBSCRIBER, Envelope.of(row), again=False)

    journey.publish = publish_at_once


def no_lease() -> None:
    """Every relay thinks that it is the one."""

    def take(self: Lease) -> bool:
        return True

    def keep(self: Lease, **columns: Any) -> None:
        pass

    Lease.take, Lease._keep = take, keep  # type: ignore[method-assign]


PLANTS: dict[str, Callable[[], None]] = {
    plant.__name__: plant
    for plant in (
        no_inbox,
        early_acknowledgement,
        publish_before_commit,
        no_lease,
        confirm_before_commit,
    )
}
