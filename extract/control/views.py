"""The page, and what changes on it for whoever keeps looking."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from extract.control import layout, rows, wording
from extract.control.access import VIEW, granted, needing
from extract.control.scaling import can_scale
from extract.control.world import World, past, world
from extract.observe.history import WINDOWS

AGAIN = "X-Look-Again"
"""The header that says in how many milliseconds there is something new to see."""
REST = 0.03

_rendered: dict[tuple[str, frozenset[str]], tuple[World, str, str]] = {}


@needing(VIEW)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The whole page; ``?window=`` minute, hour or day."""
    window = _window(request)
    context = {
        **admin.site.each_context(request),
        "title": "Control",
        "is_fullwidth": True,
        "fragment": _fragment(request, window)[0],
        "window": window,
        "windows": list(WINDOWS),
        "state": f"{reverse('extract_control:state')}?window={window}",
    }
    return TemplateResponse(request, "extract/control/page.html", context)


@needing(VIEW)
@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """``{"html": the part of the page that changes}`` with an ``ETag``, or 304."""
    html, etag = _fragment(request, _window(request))
    response: HttpResponse
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        response = JsonResponse({"html": html})
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response[AGAIN] = str(round((world.fresh_for + REST) * 1000))
    return response


def _window(request: HttpRequest) -> str:
    asked = request.GET.get("window", "")
    return asked if asked in WINDOWS else next(iter(WINDOWS))


def _fragment(request: HttpRequest, window: str) -> tuple[str, str]:
    """For all who may do the same it is made once for each look at the world."""
    may = granted(request.user)
    seen = world.get()
    made = _rendered.get((window, may))
    if made is None or made[0] is not seen:
        html = render_to_string("extract/control/fragment.html", _told(seen, window, may))
        etag = f'"{hashlib.blake2b(html.encode(), digest_size=12).hexdigest()}"'
        made = _rendered[window, may] = (seen, html, etag)
    return made[1], made[2]


def _told(seen: World, window: str, may: frozenset[str]) -> dict[str, Any]:
    found = past[window].get() if window in past else seen.figures
    figures = found or {}
    return {
        "world": seen,
        "window": window,
        "has_figures": found is not None,
        "map": layout.drawn(seen, figures),
        "apps": rows.apps(seen, figures, may, can_scale()),
        "calls": rows.calls(figures),
        "instances": rows.instances(seen, figures, may),
        "queues": rows.queues(seen, figures, may),
        "letters": rows.letters(seen, may),
        "faults": rows.faults(seen),
        "summary": rows.summary(seen),
        "width": wording.WIDTH,
        "height": wording.HEIGHT,
    }
