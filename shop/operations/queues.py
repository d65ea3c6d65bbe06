"""The page that shows each app's queue: what waits, since when, and who empties it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from extract.event.models import InboxEvent
from extract.queue.depth import Depth, depths
from extract.registry.overview import Seen, overview
from extract.trust import HOME
from shop.operations.models import PROXIES

EVERY = 5
"""Seconds after which a script asks for the page again."""


def apps_shown(request: HttpRequest) -> tuple[str, ...]:
    """The apps whose inboxes the reader may see."""
    return tuple(
        app
        for (app, table), proxy in PROXIES.items()
        if table is InboxEvent and admin.site.get_model_admin(proxy).has_view_permission(request)
    )


def queues(request: HttpRequest) -> HttpResponse:
    """The queues of these apps. ``?refresh=off`` stands still."""
    if not (apps := apps_shown(request)):
        raise PermissionDenied
    seen, found = overview(), depths()
    context = {
        **admin.site.each_context(request),
        "title": "Queues",
        "rows": [_row(app, found.get(app), seen.workers) for app in apps],
        "registry": seen.registry,
        "workers": seen.workers,
        "every": None if request.GET.get("refresh") == "off" else EVERY,
    }
    return TemplateResponse(request, "operations/queues.html", context)


def _row(app: str, depth: Depth | None, workers: Iterable[Seen]) -> dict[str, Any]:
    inbox = PROXIES[app, InboxEvent]._meta.model_name
    return {
        "app": app,
        "depth": depth,
        "oldest": _age(depth.oldest) if depth and depth.oldest is not None else "",
        "dead_letters": reverse(f"admin:operations_{inbox}_changelist") + "?state__exact=dead",
        "workers": _emptied_by(app, workers),
    }


def _emptied_by(app: str, workers: Iterable[Seen]) -> str:
    """Its own workers, or home's where these stand in for them."""
    roles = [worker.app for worker in workers]
    if own := roles.count(app):
        return f"{own} of its own"
    may_come_home = app in settings.EXTRACT_COME_HOME
    return f"{home} of home" if may_come_home and (home := roles.count(HOME)) else "none"


def _age(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
