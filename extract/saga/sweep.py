"""Finds the sagas that are due and nobody is at, and has each resumed: work like any other."""

from __future__ import annotations

import uuid

import structlog

from extract.data import app_aliases, owned
from extract.event.background import apps_served
from extract.event.work import ask, is_asked, work
from extract.saga.definition import saga_named
from extract.saga.engine import due, run
from extract.saga.models import SagaRun
from extract.trace import CallContext, new_context, using_context

logger = structlog.get_logger(__name__)

RESUME = "saga"


def sweep() -> int:
    """Ask for what is due in the apps that this process serves; returns for how many sagas."""
    return sum(sweep_app(app) for app in apps_served())


def sweep_app(app: str, *, limit: int = 100) -> int:
    """Ask for the resuming of up to ``limit`` sagas of ``app`` that are due, unless it is asked
    for already. Only reads if there are none."""
    if not due(app).exists():
        return 0
    asked = 0
    with owned(app):
        # Another process that sweeps at the same time leaves these to us.
        rows = due(app).select_for_update(skip_locked=True).order_by("due_at")[:limit]
        for row in rows:
            key = f"{row.saga}/{row.pk}"
            if not is_asked(app, RESUME, key):
                with using_context(_context_of(row)):
                    ask(app, RESUME, key)
                asked += 1
    return asked


def _context_of(row: SagaRun) -> CallContext:
    """That of whoever began the saga: whatever comes of it is found by their request's id."""
    return new_context(
        correlation_id=row.correlation_id, traceparent=row.traceparent, subject=row.subject
    )


def _resumes(app: str) -> None:
    @work(app, RESUME)
    def resume(key: str) -> None:
        name, _, id = key.partition("/")
        try:
            run(saga_named(name), uuid.UUID(id))
        except Exception:
            # No dead letter: the saga's own row says when it is due, and it is due again.
            logger.exception("saga.resume_failed", saga=name, id=id)


for _app in app_aliases():
    _resumes(_app)
