"""Advances sagas: any process may, one at a time, and each step is recorded once.

A run holds the row by a lease and a token of its own. Whoever finds a lapsed lease takes
the saga over; the former holder's next record finds another token and writes nothing.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.dispatch import Signal
from django.utils import timezone

from extract.call.errors import DeclaredError, ProviderAway
from extract.data import owned
from extract.event.wakeup import wake
from extract.saga.definition import Saga, Step
from extract.saga.models import SagaRun
from extract.trace import Kind, context_if_any, current_context, new_context, span, using_context

logger = structlog.get_logger(__name__)

Status = SagaRun.Status
GENTLE_DELAY, LONGEST_DELAY = 5.0, 60.0
"""Seconds until the next try: from when on they grow gently, and at most."""
PIVOT_TRIES = 3

ended = Signal()
"""Sent once a run of ``saga`` has ended in this process, with its ``status``."""


class NotYet(Exception):
    """Raised by a step that waits for something that will come by itself; it is tried again."""

    is_expected = True


class LeaseLost(Exception):
    """Another process took the saga over; nothing was recorded here."""


def start(saga: Saga, *, id: uuid.UUID, state: dict[str, Any]) -> str:
    """Write the saga's row, held by the caller, inside ``owned(saga.app)``.

    Returns the token for ``run``. If the caller dies, the lease lapses and any process
    resumes the saga.
    """
    context, token, now = current_context(), str(uuid.uuid4()), timezone.now()
    SagaRun.objects.using(saga.app).create(
        id=id,
        saga=saga.name,
        step=saga.steps[0].name,
        state=state,
        deadline_at=now + saga.patience,
        due_at=now,
        holder=token,
        held_until=now + _lease(),
        correlation_id=context.correlation_id,
        traceparent=context.traceparent,
        subject=context.subject,
    )
    saga.points["started"]()
    return token


def run(saga: Saga, id: uuid.UUID, token: str = "") -> SagaRun:
    """Advance the saga as far as it goes now, and return its row.

    The row is finished, compensated, waiting for its next try, or held by another process.
    """
    token = token or _take(saga, id)
    row = SagaRun.objects.using(saga.app).get(pk=id)
    if not token or row.holder != token:
        return row
    context = context_if_any() or new_context(
        correlation_id=row.correlation_id, traceparent=row.traceparent, subject=row.subject
    )
    with using_context(context):
        try:
            while row.status in SagaRun.UNFINISHED and row.holder == token:
                row = _advance(saga, row, token)
            if row.status not in SagaRun.UNFINISHED:
                ended.send_robust(Saga, saga=saga, status=row.status)
        except LeaseLost:
            logger.warning("saga.lease_lost", saga=saga.name, id=str(id), step=row.step)
            row.refresh_from_db(using=saga.app)
    return row


def due(app: str) -> QuerySet[SagaRun]:
    """The sagas of ``app`` that may be taken up now: unfinished, due and held by nobody."""
    free = Q(held_until=None) | Q(held_until__lt=Now())
    return SagaRun.objects.using(app).filter(free, status__in=SagaRun.UNFINISHED, due_at__lte=Now())


def try_again(app: str, ids: Collection[uuid.UUID]) -> int:
    """Have those of the sagas that wait for their next try be due at once; returns how many."""
    waiting = SagaRun.objects.using(app).filter(status__in=SagaRun.UNFINISHED, held_until=None)
    with owned(app):
        moved = waiting.filter(pk__in=ids).update(due_at=Now())
    wake()
    return moved


def _lease() -> timedelta:
    return timedelta(seconds=getattr(settings, "EXTRACT_LEASE", 10.0))


def _take(saga: Saga, id: uuid.UUID) -> str:
    """Take the lease; returns its token, "" if the saga is not due, another process has it, or it
    is at a step of another release, whose processes will take it."""
    token, taken = str(uuid.uuid4()), 0
    ours = due(saga.app).filter(pk=id, step__in=[step.name for step in saga.steps])
    if ours.exists():
        with owned(saga.app):
            taken = ours.update(holder=token, held_until=Now() + _lease())
    return token if taken else ""


def _advance(saga: Saga, row: SagaRun, token: str) -> SagaRun:
    step = saga.steps[saga.index(row.step)]
    if row.status == Status.COMPENSATING:
        return _undo_step(saga, row, token)
    can_turn_back = not row.past_pivot and (step.undoable or not step.pivot)
    if can_turn_back and timezone.now() >= row.deadline_at:
        return _turn_back(saga, row, token, {"error": "Overdue", "fields": {}})
    saga.points[f"{step.name}.acting"]()
    try:
        with _hop(saga, step, row):
            outcome = step.act(row)
        saga.points[f"{step.name}.acted"]()
        return _record(saga, step, row, token, outcome)
    except LeaseLost:
        raise
    except DeclaredError as error:
        if row.past_pivot:
            return _retry_later(saga, row, token, error)
        return _turn_back(saga, row, token, _refusal(error))
    except Exception as error:
        if can_turn_back and not step.pivot:
            return _turn_back(saga, row, token, _refusal(error), error)
        return _retry_later(saga, row, token, error)


def _hop(saga: Saga, step: Step, row: SagaRun, **labels: str) -> span:
    return span(
        f"{saga.name}/{step.name}", Kind.INTERNAL, attempt=row.attempts + 1,
        app=saga.app, saga=saga.name, saga_id=str(row.pk), step=step.name, **labels,
    )  # fmt: skip


def _record(saga: Saga, step: Step, row: SagaRun, token: str, outcome: Any) -> SagaRun:
    with owned(saga.app):
        row = _locked(saga, row, token)
        step.record(row, outcome)
        row.past_pivot = row.past_pivot or step.pivot
        _go_on(saga, row, saga.index(row.step) + 1, Status.FINISHED)
    saga.points[f"{step.name}.recorded"]()
    return row


def _undo_step(saga: Saga, row: SagaRun, token: str) -> SagaRun:
    step = saga.steps[saga.index(row.step)]
    try:
        with _hop(saga, step, row, undo="yes"):
            step.undo(row)
        saga.points[f"{step.name}.undoing"]()
        return _record_undo(saga, step, row, token)
    except LeaseLost:
        raise
    except Exception as error:
        return _retry_later(saga, row, token, error)


def _record_undo(saga: Saga, step: Step, row: SagaRun, token: str) -> SagaRun:
    with owned(saga.app):
        row = _locked(saga, row, token)
        step.record_undo(row)
        _go_on(saga, row, saga.index(row.step) - 1, Status.COMPENSATED)
        if row.status == Status.COMPENSATED:
            saga.compensated(row)
    saga.points[f"{step.name}.undone"]()
    return row


def _go_on(saga: Saga, row: SagaRun, index: int, end: SagaRun.Status) -> None:
    if 0 <= index < len(saga.steps):
        row.step = saga.steps[index].name
    else:
        row.status = end
        row.holder = ""
    row.attempts = row.failures = 0
    row.last_error = row.failure = ""
    row.failing_since = None
    _write(saga, row, held=row.status in SagaRun.UNFINISHED)


def _turn_back(
    saga: Saga, row: SagaRun, token: str, refusal: dict[str, Any], cause: Exception | None = None
) -> SagaRun:
    """Start compensating, from this step on: it may have happened even if it says it failed."""
    log = logger.bind(saga=saga.name, id=str(row.pk), step=row.step, reason=refusal["error"])
    log.warning("saga.turned_back", exc_info=cause)
    with owned(saga.app):
        row = _locked(saga, row, token)
        row.status, row.refusal, row.attempts = Status.COMPENSATING, refusal, 0
        _write(saga, row, held=True)
    return row


def _retry_later(saga: Saga, row: SagaRun, token: str, error: Exception) -> SagaRun:
    """Set the time of the next try and let go of the saga, unless it is worth waiting here.

    A pivot whose outcome is unknown is asked again at once: somebody waits for the answer.
    """
    attempts = row.attempts + 1
    at_pivot = row.status == Status.RUNNING and not row.past_pivot
    stay = at_pivot and attempts < PIVOT_TRIES
    delay = _delay_after(attempts)
    logger.warning(
        "saga.retry",
        saga=saga.name,
        id=str(row.pk),
        step=row.step,
        attempts=attempts,
        delay=delay,
        error=repr(error),
    )
    with owned(saga.app):
        row = _locked(saga, row, token)
        row.attempts, row.last_error = attempts, repr(error)[:1000]
        _note_failure(row, error)
        row.due_at = timezone.now() + timedelta(seconds=delay)
        row.holder = token if stay else ""
        _write(saga, row, held=stay)
    if stay:
        time.sleep(delay)
    return row


def _note_failure(row: SagaRun, error: Exception) -> None:
    """Count those in a row that are alike. An app that is away and a step that waits are none."""
    alike = "" if isinstance(error, (NotYet, ProviderAway)) else type(error).__name__[:100]
    if alike != row.failure:
        row.failure, row.failures = alike, 0
        row.failing_since = timezone.now() if alike else None
    row.failures += bool(alike)


def _delay_after(attempts: int) -> float:
    """Seconds until the next try: doubled each time up to five, then a tenth longer each time, so
    that who could not be reached for a while is found soon after it is back."""
    gentle = GENTLE_DELAY * 1.1 ** min(max(attempts - 7, 0), 100)
    return min(0.05 * 2.0 ** min(attempts, 20), gentle, LONGEST_DELAY)


def _locked(saga: Saga, row: SagaRun, token: str) -> SagaRun:
    """The row as it is now, locked; ``LeaseLost`` if another process has advanced it."""
    same = SagaRun.objects.using(saga.app).select_for_update()
    locked = same.filter(pk=row.pk, holder=token, step=row.step, status=row.status).first()
    if locked is None:
        raise LeaseLost
    return locked


def _write(saga: Saga, row: SagaRun, *, held: bool) -> None:
    values: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            "step",
            "status",
            "past_pivot",
            "state",
            "refusal",
            "due_at",
            "attempts",
            "last_error",
            "failure",
            "failures",
            "failing_since",
            "holder",
        )
    }
    values["held_until"] = Now() + _lease() if held else None
    values["updated_at"] = timezone.now()
    SagaRun.objects.using(saga.app).filter(pk=row.pk).update(**values)


def _refusal(error: Exception) -> dict[str, Any]:
    fields = msgspec.to_builtins(error.fields) if isinstance(error, DeclaredError) else {}
    return {"error": type(error).__name__, "message": str(error), "fields": fields}
