"""Finishing what is in an inbox: first steps that are still to be done, and second ones.

Any process may do it at any time: a row is claimed before its steps run, and the claim lapses
if the process dies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from uuid import UUID

import structlog
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from extract.call.errors import ProviderAway
from extract.data import owned
from extract.event.claims import claim, kept
from extract.event.delays import after_failure, after_outage, max_attempts
from extract.event.envelope import Envelope
from extract.event.inbox import hop, read, receive_claimed, rows_of, told
from extract.event.models import InboxEvent
from extract.event.pause import is_paused
from extract.event.steps import step_seconds
from extract.testing.kill import KillPoint
from extract.trace import using_context

logger = structlog.get_logger(__name__)

claimed = KillPoint("inbox.claimed")
late = KillPoint("inbox.recording_late")
finished = KillPoint("inbox.finished")
done = KillPoint("inbox.done")

State = InboxEvent.State


class Overtaken(Exception):
    """The claim had lapsed and another process took the event over; nothing was written here."""

    is_expected = True


def finish_due(app: str, *, limit: int = 50) -> int:
    """Run the steps of up to ``limit`` events of ``app`` that are due; returns how many ran.

    Of each aggregate only the oldest that is not decided is due.
    """
    return sum(_finish(app, row) for row in due(app).order_by("due_at", "id")[:limit])


def take_in(app: str, envelope: Envelope, *, again: bool) -> bool:
    """Record an event (as ``receive`` does) and run its steps at once; False if they are not to be
    run now."""
    row = receive_claimed(app, envelope, again=again)
    if row is None:
        return finish(app, envelope.event_id, attempts=0)
    return finish_claimed(app, row)


def finish(app: str, event_id: UUID, *, attempts: int) -> bool:
    """Run the steps of one event now, due or not, if it has been tried ``attempts`` times.

    False if it was tried meanwhile, is done, or waits for an older one of its aggregate.
    """
    first = _first_of_each(app).filter(consumer=app, event_id=event_id, attempts=attempts)
    row = first.first()
    return row is not None and _finish(app, row)


def hand_out(app: str, place: str, *, limit: int, again_after: timedelta) -> list[tuple[UUID, int]]:
    """Events that are due, for others at ``place`` to ``finish``: each with how often it was tried.

    They are due again after ``again_after``, unless somebody has claimed them by then.
    """
    if not due(app).exists():
        return []  # mostly; to look takes no lock
    with owned(app):
        rows = list(due(app).order_by("due_at", "id")[:limit])
        if rows:
            rows_of(app).filter(pk__in=[row.pk for row in rows], state=State.WAITING).update(
                due_at=Now() + again_after, handed_to=place
            )
    return [(row.event_id, row.attempts) for row in rows]


def take_back(app: str, event_ids: Collection[UUID], *, due_after: timedelta) -> None:
    """What was handed out in vain is due again, unless somebody has claimed it."""
    handed = rows_of(app).filter(consumer=app, event_id__in=event_ids).exclude(handed_to="")
    _take_back(app, handed, due_after)


def take_back_lost(
    app: str, place: str, *, due_within: timedelta, may_wait: Callable[[], bool]
) -> None:
    """What was handed out at ``place`` and is due again within ``due_within`` is due at once,
    unless somebody has claimed it, or it ``may_wait`` there still."""
    handed = rows_of(app).filter(handed_to=place, due_at__lte=Now() + due_within)
    if handed.filter(state=State.WAITING).exists() and not may_wait():
        _take_back(app, handed, timedelta())


def take_back_from_elsewhere(app: str, place: str) -> None:
    """What was handed out at another place than ``place`` is due at once, unless somebody has
    claimed it: whoever was there may have left."""
    _take_back(app, rows_of(app).exclude(handed_to__in=("", place)), timedelta())


def _take_back(app: str, handed: QuerySet[InboxEvent], due_after: timedelta) -> None:
    handed = handed.filter(state=State.WAITING)
    if handed.exists():
        with owned(app):
            handed.update(due_at=Now() + due_after, handed_to="")


def next_of(app: str, event_id: UUID) -> tuple[UUID, int] | None:
    """The event of the same aggregate that is due now, as ``hand_out`` tells of it."""
    aggregate = rows_of(app).filter(consumer=app, event_id=event_id).values("aggregate")[:1]
    row = due(app).filter(aggregate=aggregate).first()
    return None if row is None else (row.event_id, row.attempts)


def due(app: str) -> QuerySet[InboxEvent]:
    """What may be worked on now."""
    return _first_of_each(app).filter(due_at__lte=Now())


def _first_of_each(app: str) -> QuerySet[InboxEvent]:
    """Of each aggregate the oldest that waits, unless an older one is a dead letter; none of an
    inbox that is paused."""
    older = rows_of(app).filter(
        state__in=InboxEvent.UNDECIDED, aggregate=OuterRef("aggregate"), id__lt=OuterRef("id")
    )
    return rows_of(app).filter(~Exists(older), ~is_paused(app), state=State.WAITING)


def _finish(app: str, row: InboxEvent) -> bool:
    return _claim(app, row) and finish_claimed(app, row)


def finish_claimed(app: str, row: InboxEvent) -> bool:
    """Run the steps of an event that is claimed by the caller; False if the claim had lapsed."""
    claimed()
    envelope = Envelope.of(row)
    with using_context(envelope.context(seconds=step_seconds())):
        if row.attempts - row.excused > max_attempts():
            _failed(app, row, "Each attempt ended with the death of its process.")
            return True
        try:
            with kept(app, row):
                _run(app, row, envelope)
        except Overtaken:
            return False
        except Exception as error:
            _failed(app, row, f"{type(error).__name__}: {error}", is_outage=_is_outage(error))
            return True
        finished()
        with owned(app):
            # Whoever else may have claimed it meanwhile: it is done.
            rows_of(app).filter(pk=row.pk, state=State.WAITING).update(
                state=State.DONE, done_at=Now(), last_error=""
            )
        done()
    return True


def _run(app: str, row: InboxEvent, envelope: Envelope) -> None:
    with hop(app, envelope, "finish", attempt=row.attempts):
        _take_steps(app, row, envelope)


def _take_steps(app: str, row: InboxEvent, envelope: Envelope) -> None:
    subscription, event = read(app, envelope)
    if row.recorded_at is None:
        with owned(app):
            ours = _ours(app, row).filter(recorded_at=None)
            if not ours.update(recorded_at=Now()):
                raise Overtaken
            subscription.record(event)
            late()
    if subscription.finish is not None:
        subscription.finish(event)


def _claim(app: str, row: InboxEvent) -> bool:
    """Make the row ours; False if another was faster."""
    free = _ours(app, row)
    row.attempts += 1
    with owned(app):
        return bool(free.update(**claim(row.attempts)))


def _ours(app: str, row: InboxEvent) -> QuerySet[InboxEvent]:
    """The row, unless somebody has claimed it since it was read or claimed here."""
    return rows_of(app).filter(pk=row.pk, state=State.WAITING, attempts=row.attempts)


def _is_outage(error: Exception) -> bool:
    """Whether a step could do nothing, since another app was away: that is no fault of it."""
    return isinstance(error, ProviderAway)


def _failed(app: str, row: InboxEvent, error: str, *, is_outage: bool = False) -> None:
    if is_outage:
        columns = after_outage(row.attempts, row.excused, error)
    else:
        columns = after_failure(row.attempts, row.excused, error)
    with owned(app):
        _ours(app, row).update(**columns)
    is_dead = columns.get("state") == State.DEAD
    log = logger.error if is_dead else logger.warning
    log(
        "inbox.dead" if is_dead else "inbox.step_failed",
        **told(app, row),
        attempts=row.attempts,
        error=error,
    )
