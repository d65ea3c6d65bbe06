"""The way to subscribers through a broker: a task on the subscriber's queue for each event."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import timedelta
from functools import cache, partial
from typing import Any
from uuid import UUID

import msgspec
import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from extract.event.delays import LOST_AFTER
from extract.event.envelope import Envelope
from extract.event.handling import (
    hand_out,
    take_back,
    take_back_from_elsewhere,
    take_back_lost,
)
from extract.event.pruning import keep
from extract.event.transport import Away
from extract.queue.broker import messages_in
from extract.queue.configuration import queue_named
from extract.queue.confirming import confirmed
from extract.queue.message import Message
from extract.queue.places import queue_of
from extract.registry.process import registry_trust

logger = structlog.get_logger(__name__)

RECEIVE, FINISH = "extract.receive", "extract.finish"
ONCE_MORE = {"max_retries": 1, "interval_start": 0.0}
"""A pooled connection may have broken since it was used last."""
FINISH_AGAIN = timedelta(seconds=30)
"""How long a message that asks for an event's steps may be under way before another is sent."""
BROKER_AGAIN = timedelta(seconds=2)
"""When the broker is asked again to take what it did not."""


class Queued:
    """Hands events to the broker of ``app``, and asks the subscriber's inbox what arrived."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._handed_to: dict[str, str] = {}
        self._put_off: set[str] = set()
        self._looked: dict[str, float] = {}

    def place(self, subscriber: str) -> str:
        return queue_of(subscriber)

    def send(self, subscriber: str, envelope: Envelope, *, again: bool) -> None:
        message = Message.of(subscriber, envelope, registry_trust())
        arguments = {"message": msgspec.to_builtins(message), "again": again}
        put(self._app, RECEIVE, arguments, queue_of(subscriber), envelope.correlation_id)

    def confirmed(self, subscriber: str, event_ids: Collection[UUID]) -> set[UUID]:
        return confirmed(subscriber, event_ids)

    def may_wait(self, subscriber: str) -> bool:
        return messages_in(self._app, queue_of(subscriber)) != 0

    def finish_due(self, app: str) -> int:
        """Have workers finish what is due in the inbox of ``app``. What the broker does not take is
        due again after ``BROKER_AGAIN``, and what is under way to workers who left, at once."""
        place = self.place(app)
        if self._handed_to.get(app) != place:
            take_back_from_elsewhere(app, place)
            self._handed_to[app] = place
        self._take_back_lost(app, place)
        due = hand_out(app, place, limit=100, again_after=FINISH_AGAIN)
        for taken, (event_id, attempts) in enumerate(due):
            try:
                put_finish(self._app, app, event_id, attempts)
            except Away as error:
                take_back(app, [each for each, _ in due[taken:]], due_after=BROKER_AGAIN)
                if app not in self._put_off:
                    self._put_off.add(app)
                    logger.warning("queue.steps_put_off", app=app, reason=str(error))
                return 0
        if due and app in self._put_off:
            self._put_off.remove(app)
            logger.info("queue.steps_go_on", app=app)
        return len(due)

    def _take_back_lost(self, app: str, place: str) -> None:
        now = time.monotonic()
        if now < self._looked.get(app, 0.0) + LOST_AFTER:
            return
        self._looked[app] = now
        within = FINISH_AGAIN - timedelta(seconds=LOST_AFTER)
        take_back_lost(app, place, due_within=within, may_wait=partial(self.may_wait, app))


def put_finish(celery: Celery, app: str, event_id: UUID, attempts: int) -> None:
    """Have a worker run the steps of an event that was tried ``attempts`` times."""
    arguments = {"app": app, "event_id": str(event_id), "attempts": attempts}
    put(celery, FINISH, arguments, queue_of(app), str(event_id))


def put(
    celery: Celery, task: str, arguments: dict[str, Any], queue: str, correlation_id: str
) -> None:
    """Send a task; where the broker confirms what it has, when it has confirmed. Raises ``Away``.

    It may lie in a queue that workers have left until they come again: nobody takes it once an
    inbox may have forgotten that the event came another way.
    """
    # Mandatory: RabbitMQ confirms a message for a queue that is not there, and drops it.
    send = partial(
        celery.send_task, task, kwargs=arguments, queue=queue_named(queue), ignore_result=True,  # type: ignore[arg-type]
        mandatory=True, expires=keep().total_seconds(),
        retry=True, retry_policy=ONCE_MORE, headers={"correlation_id": correlation_id},
    )  # fmt: skip
    lost: Any = _errors_of_a_lost_queue(celery)
    try:
        try:
            send()
        except lost:
            # kombu believes that the queue is there still.
            with celery.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0)
                queue_named(queue)(connection.default_channel).declare()
            send()
    except (OperationalError, OSError, *lost) as error:
        raise Away(f"the broker does not take messages for {queue}: {error}") from error


@cache
def _errors_of_a_lost_queue(celery: Celery) -> tuple[type[BaseException], ...]:
    return tuple(celery.connection_for_write().channel_errors)
