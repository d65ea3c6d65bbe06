"""What a worker does: record an event and finish it, or finish one that is in the inbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import msgspec
import structlog
from celery import Celery, Task, shared_task
from django.conf import settings

from extract.data import let_go_of_connections
from extract.event import handling
from extract.event.inbox import DATABASE_AWAY
from extract.event.transport import Away
from extract.queue.message import Message
from extract.queue.sending import FINISH, RECEIVE, put_finish
from extract.registry.process import registry_trust
from extract.trust import NotTrusted

logger = structlog.get_logger(__name__)

PROBE = "extract.probe"


@shared_task(name=RECEIVE, bind=True)
def receive(self: Task[Any, Any], message: dict[str, Any], again: bool) -> None:
    """Take an event in, run its first step, and its second one at once.

    What cannot be believed is dropped. If the database is away nothing happened, and the relay
    sends the event again.
    """
    try:
        opened = msgspec.convert(message, Message)
        envelope = opened.open(registry_trust())
    except (NotTrusted, msgspec.ValidationError) as error:
        logger.error("queue.untrusted_message", reason=str(error))
        return
    app = opened.subscriber
    again = again or bool((self.request.delivery_info or {}).get("redelivered"))
    with _working(app):
        if handling.take_in(app, envelope, again=again):
            _go_on(self.app, app, envelope.event_id)


@shared_task(name=FINISH, bind=True)
def finish(self: Task[Any, Any], app: str, event_id: str, attempts: int) -> None:
    """Run the steps of an event that is in the inbox of ``app``, unless somebody did meanwhile."""
    with _working(app):
        if handling.finish(app, UUID(event_id), attempts=attempts):
            _go_on(self.app, app, UUID(event_id))


@shared_task(name=PROBE)
def probe() -> None:
    """Nothing: that it is done shows that the worker works."""


def _go_on(celery: Celery, app: str, event_id: UUID) -> None:
    """With what waited behind that event."""
    following = handling.next_of(app, event_id)
    if following is not None:
        put_finish(celery, app, *following)


@contextmanager
def _working(app: str) -> Iterator[None]:
    if app not in settings.EXTRACT_APPS:
        logger.error("queue.misdirected", app=app, role=settings.EXTRACT_ROLE)
        raise ValueError(f"This worker does not serve {app}; compare its queues with its role.")
    try:
        yield
    except (*DATABASE_AWAY, Away) as error:
        logger.warning("queue.not_done", app=app, reason=str(error))
    finally:
        let_go_of_connections()
