"""Periodic work: asked for when its time has come, by whoever looks first.

Its next time and the asking are written in one transaction, so it is asked for once however
many look; and it is work like any other, so it may be late but is never lost. Times that went by
while nobody looked are made up for by one.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from extract.data import alias_of, owned
from extract.event.models import Beat
from extract.event.subscription import SubscriptionMistake
from extract.event.work import W, Work, ask, is_asked, work
from extract.testing.kill import KillPoint

asked = KillPoint("beat.asked")

_periods: dict[tuple[str, str], timedelta] = {}


def periodic(app: str, name: str, *, every: timedelta) -> W:
    """Declare the work ``name`` of ``app``, to be done ``every`` so often. Its key is ""."""
    if every <= timedelta(0):
        raise SubscriptionMistake(f"The work {name!r} of {app} must have a period above zero.")

    def declare(function: Work) -> Work:
        _periods[app, name] = every
        return work(app, name)(function)

    return declare


def beat(app: str) -> int:
    """Ask for each periodic work of ``app`` whose time has come; returns for how many. One that
    has not been done since it was asked for is not asked for again. Only reads if there is none.
    """
    return sum(_beat(app, name) for name in _due(app))


def _due(app: str) -> list[str]:
    names = [name for of_app, name in _periods if of_app == app]
    if not names:
        return []
    later = Beat.objects.using(alias_of(app)).filter(due_at__gt=Now())
    return sorted(set(names).difference(later.values_list("name", flat=True)))


def _beat(app: str, name: str) -> bool:
    beats = Beat.objects.using(alias_of(app))
    every = _periods[app, name]
    with owned(app):
        beats.bulk_create([Beat(name=name, due_at=Now())], ignore_conflicts=True)
        due = beats.filter(name=name, due_at__lte=Now())
        if not due.update(due_at=Now() + every):
            return False
        if is_asked(app, name, ""):
            return False
        beats.filter(name=name).update(asked_at=Now())
        ask(app, name, "")
        asked()
    return True
