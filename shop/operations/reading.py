"""Rows of any app as the reader may see them, or word that its database is away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db import InterfaceError, OperationalError, models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from extract.control import links
from extract.control.access import VIEW

T = TypeVar("T")


class Reading:
    """What one request reads. A database that did not answer is not asked again for it.

    ``away`` names the apps whose databases did not answer.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.away: set[str] = set()
        self._request = request

    def may_see(self, model: type[models.Model]) -> bool:
        return bool(_admin(model).has_view_permission(self._request))

    def may_act(self, model: type[models.Model], action: str) -> bool:
        """Whether the model's list offers the reader the action."""
        return self.may_see(model) and action in _admin(model).get_actions(self._request)

    def rows(self, model: type[models.Model]) -> QuerySet[Any]:
        """All that the model's list shows."""
        return _admin(model).get_queryset(self._request)

    def ask(self, app: str, question: Callable[[], T]) -> T | None:
        """The answer; None if the app's database is away."""
        if app in self.away:
            return None
        try:
            return question()
        except (OperationalError, InterfaceError):
            self.away.add(app)
            return None


def list_of(model: type[models.Model], **filters: object) -> str:
    """The path of the model's list, filtered."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{urlencode(filters)}" if filters else path


def page_of(row: models.Model) -> str:
    """The path of the row's page."""
    names = type(row)._meta
    return reverse(f"admin:{names.app_label}_{names.model_name}_change", args=[row.pk])


def way_of(id: object, request: HttpRequest) -> str:
    """The path of the page that shows the whole way of what is called ``id``; "" for who may not
    see it."""
    if not request.user.has_perm(VIEW):
        return ""
    return links.way_of(str(id))


def _admin(model: type[models.Model]) -> ModelAdmin[Any]:
    return admin.site.get_model_admin(model)
