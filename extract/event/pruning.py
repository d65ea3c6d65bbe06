"""Forgets, once a day, the events of which nothing is left to be done."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db.models import Model, QuerySet
from django.db.models.functions import Now

from extract.data import alias_of, app_aliases, owned
from extract.event.beat import periodic
from extract.event.models import InboxEvent, OutboxEvent

logger = structlog.get_logger(__name__)

PRUNE = "prune"
CHUNK = 1000


def keep() -> timedelta:
    """For how long outbox rows are kept after they are done. Inbox rows are kept twice as long:
    they are what tells a second delivery from a first one."""
    return timedelta(days=float(getattr(settings, "EXTRACT_KEEP_DAYS", 30)))


def prune(app: str) -> int:
    """Delete them from the outbox and inbox of ``app``; returns how many rows that were.

    What somebody discarded stays: it says why something is missing.
    """
    alias = alias_of(app)
    sent = OutboxEvent.objects.using(alias).filter(
        state=OutboxEvent.State.DONE, done_at__lt=Now() - keep()
    )
    handled = InboxEvent.objects.using(alias).filter(
        state=InboxEvent.State.DONE, done_at__lt=Now() - 2 * keep()
    )
    return _deleted(app, sent) + _deleted(app, handled)


def _prune(app: str, key: str) -> None:
    logger.info("events.pruned", app=app, rows=prune(app))


def _deleted(app: str, rows: QuerySet[Model]) -> int:
    """In transactions that are short enough for nobody to wait for them."""
    deleted = 0
    while pks := list(rows.values_list("pk", flat=True)[:CHUNK]):
        with owned(app):
            deleted += rows.filter(pk__in=pks).delete()[0]
    return deleted


for _app in app_aliases():
    periodic(_app, PRUNE, every=timedelta(days=1))(partial(_prune, _app))
