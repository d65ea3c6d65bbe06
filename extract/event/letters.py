"""Dead letters: events tried as often as may be, and what somebody decides of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from extract.data import alias_of, open_apps, owned
from extract.event.inbox import rows_of, told
from extract.event.models import InboxEvent, Verdict
from extract.event.wakeup import wake

logger = structlog.get_logger(__name__)

State = InboxEvent.State
CHUNK = 500
"""Letters decided in one transaction."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter in the inbox of ``app``; ``payload`` is the event as JSON text.

    ``since`` is when it was given up, ``behind`` how many events of its aggregate wait for it.
    """

    event_id: UUID
    app: str
    type: str
    aggregate: str
    attempts: int
    error: str
    since: datetime | None
    correlation_id: str
    payload: str
    behind: int


def letters(apps: Iterable[str] | None = None, *, most: int | None = None) -> list[Letter]:
    """The dead letters of ``apps`` (default: all at hand), the oldest of each app first, and of
    each app so many at ``most``."""
    chosen = open_apps() if apps is None else apps
    return [_letter(app, row) for app in chosen for row in _rows(app)[:most]]


def retry(app: str, event_ids: Collection[UUID], *, by: str) -> list[Verdict]:
    """Have dead letters of ``app`` tried anew, as often as any event; the last error stays to be
    read until then. Returns what was decided: one that is no dead letter (any more) is left alone.
    """
    again = {"state": State.WAITING, "attempts": 0, "excused": 0, "due_at": Now(), "done_at": None}
    return _decide(app, event_ids, Verdict.Decision.RETRIED, by, again)


def discard(app: str, event_ids: Collection[UUID], *, by: str) -> list[Verdict]:
    """Never try these dead letters of ``app`` again; what waits behind them goes on. Returns what
    was decided, as ``retry`` does."""
    never = {"state": State.DISCARDED, "done_at": Now()}
    return _decide(app, event_ids, Verdict.Decision.DISCARDED, by, never)


def _decide(
    app: str,
    event_ids: Collection[UUID],
    decision: Verdict.Decision,
    by: str,
    columns: dict[str, Any],
) -> list[Verdict]:
    chosen, verdicts = list(event_ids), []
    for start in range(0, len(chosen), CHUNK):
        some = chosen[start : start + CHUNK]
        dead = rows_of(app).filter(consumer=app, event_id__in=some, state=State.DEAD)
        with owned(app):
            # Of two who decide at once the second waits here, and finds none left.
            rows = list(dead.select_for_update().order_by("id"))
            rows_of(app).filter(pk__in=[row.pk for row in rows]).update(**columns)
            new = [_verdict(row, decision, by) for row in rows]
            Verdict.objects.using(alias_of(app)).bulk_create(new)
        verdicts += new
        for row in rows:
            logger.info(f"inbox.{decision}", **told(app, row), by=by)
    if verdicts:
        wake("inbox")
    return verdicts


def _verdict(row: InboxEvent, decision: Verdict.Decision, by: str) -> Verdict:
    return Verdict(
        event_id=row.event_id,
        type=row.type,
        aggregate=row.aggregate,
        correlation_id=row.correlation_id,
        decision=decision,
        by=by[:150],
        attempts=row.attempts,
        error=row.last_error,
    )


def _rows(app: str) -> QuerySet[Any]:
    later = rows_of(app).filter(
        aggregate=OuterRef("aggregate"), state=State.WAITING, id__gt=OuterRef("id")
    )
    number = later.values("aggregate").annotate(number=Count("id")).values("number")
    dead = rows_of(app).filter(state=State.DEAD).order_by("id")
    return dead.annotate(behind=Coalesce(Subquery(number), 0))


def _letter(app: str, row: Any) -> Letter:
    return Letter(
        event_id=row.event_id,
        app=app,
        type=row.type,
        aggregate=row.aggregate,
        attempts=row.attempts,
        error=row.last_error,
        since=row.done_at,
        correlation_id=row.correlation_id,
        payload=row.payload,
        behind=row.behind,
    )
