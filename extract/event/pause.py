"""Letting the inbox of an app rest. Its events still arrive and are confirmed, but no step of
theirs begins until somebody resumes it. A row of the app's own says so, to whoever works for it.
"""

from __future__ import annotations

from django.db.models import Exists, QuerySet

from extract.data import alias_of, owned
from extract.event.models import Pause
from extract.event.wakeup import wake


def pause(app: str, *, by: str) -> bool:
    """Begin nothing new of the app's inbox; what has begun is finished. False if it rests
    already."""
    with owned(app):
        _, is_new = _rows(app).get_or_create(app=app, defaults={"by": by[:150]})
    return is_new


def resume(app: str) -> bool:
    """Go on with all that waits, in order. False if it does not rest."""
    with owned(app):
        deleted, _ = _rows(app).filter(app=app).delete()
    wake("inbox")
    return bool(deleted)


def paused(app: str) -> Pause | None:
    """Who paused it and when; None if it does not rest."""
    return _rows(app).filter(app=app).first()


def is_paused(app: str) -> Exists:
    """The same as a condition of a query of the app's rows."""
    return Exists(_rows(app).filter(app=app))


def _rows(app: str) -> QuerySet[Pause]:
    return Pause.objects.using(alias_of(app))
