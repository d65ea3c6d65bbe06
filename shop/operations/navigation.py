"""The back office's sidebar: what is sold and to whom first, then each app's machinery."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from shop.mails.views import may_read
from shop.operations.queues import apps_shown

LAST = "operations"


def sections(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links to whatever the reader may see, as Unfold's ``navigation`` wants them."""
    apps = {app["app_label"]: app for app in admin.site.get_app_list(request)}
    machinery = apps.pop(LAST, {"models": []})["models"]
    groups = [_group(app["name"], app["models"]) for app in apps.values()]
    if apps_shown(request):
        groups.append(
            {"title": "Events", "items": [{"title": "Queues", "link": reverse("queues")}]}
        )
    if may_read(request.user):
        groups.append(
            {"title": "Mails", "items": [{"title": "Kept mails", "link": reverse("shop:mails")}]}
        )
    by_app: dict[str, list[dict[str, Any]]] = {}
    for model in machinery:
        app, _, name = str(model["name"]).partition(": ")
        by_app.setdefault(app, []).append({**model, "name": name.capitalize()})
    for app, models in by_app.items():
        groups.append(_group(f"{app.capitalize()}: events and sagas", models, collapsible=True))
    return groups


def _group(title: str, models: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    items = [{"title": model["name"], "link": model["admin_url"]} for model in models]
    return {"title": title, "items": items, **more}


def icon(request: HttpRequest) -> str:
    """The back office's favicon, as Unfold's ``SITE_FAVICONS`` wants it."""
    return static("shop/icon.svg")


def style(request: HttpRequest) -> str:
    """What shows the back office where scripts do not run."""
    return static("shop/admin.css")


def script(request: HttpRequest) -> str:
    """What names the parts of a page that scroll."""
    return static("shop/admin.js")
