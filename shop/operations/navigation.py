"""The back office's sidebar: what is sold and to whom first, then what is behind the shop."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from extract.control.access import VIEW
from shop.mails.views import may_read
from shop.operations.queues import apps_shown

INNER = "operations"
"""The app whose tables are the layer's: they are reached from a page of their own."""


def sections(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links to whatever the reader may see, as Unfold's ``navigation`` wants them."""
    apps = {app["app_label"]: app for app in admin.site.get_app_list(request)}
    apps.pop(INNER, None)
    groups = [_group(app["name"], app["models"]) for app in apps.values()]
    if items := behind(request):
        groups.append({"title": "Behind the shop", "items": items})
    return groups


def behind(request: HttpRequest) -> list[dict[str, str]]:
    """Links to what the reader may see of how the apps work together."""
    items = []
    if request.user.has_perm(VIEW):
        items.append({"title": "Control", "link": reverse("extract_control:page")})
    if apps_shown(request):
        items.append({"title": "Queues", "link": reverse("queues")})
    if may_read(request.user):
        items.append({"title": "Kept mails", "link": reverse("shop:mails")})
    if admin.site.get_app_list(request, INNER):
        items.append(
            {"title": "Events, sagas, audits", "link": reverse("admin:app_list", args=[INNER])}
        )
    return items


def _group(title: str, models: list[dict[str, Any]]) -> dict[str, Any]:
    items = [{"title": model["name"], "link": model["admin_url"]} for model in models]
    return {"title": title, "items": items}


def icon(request: HttpRequest) -> str:
    """The back office's favicon, as Unfold's ``SITE_FAVICONS`` wants it."""
    return static("shop/icon.svg")


def style(request: HttpRequest) -> str:
    """What shows the back office where scripts do not run."""
    return static("shop/admin.css")


def script(request: HttpRequest) -> str:
    """What names the parts of a page that scroll."""
    return static("shop/admin.js")
