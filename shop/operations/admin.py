"""Outboxes, inboxes, sagas, keys and leases of every app, to be found and read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from extract.data.admin import ReadOnlyAdmin
from extract.data.models import IdempotencyKey, Ownership
from extract.event.models import InboxEvent, OutboxEvent, RelayLease
from extract.saga.models import SagaRun
from shop.operations.models import PROXIES


class TypeFilter(admin.SimpleListFilter):
    """The event types that occur: Django's own filter would ask the wrong alias."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        types = model_admin.get_queryset(request).order_by("type").values_list("type", flat=True)
        return [(name, name) for name in types.distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(type=self.value()) if self.value() else queryset


class LayerAdmin(ReadOnlyAdmin, ModelAdmin):
    """Rows of one app's alias."""

    app = ""
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).using(self.app)


EVENT = {
    "search_fields": ("event_id", "aggregate", "correlation_id", "subject", "type"),
    "ordering": ("-occurred_at", "-id"),
}
SHOWN: dict[type[models.Model], dict[str, Any]] = {
    OutboxEvent: {
        **EVENT,
        "list_display": (
            "type",
            "subscriber",
            "state",
            "aggregate",
            "sequence",
            "attempts",
            "occurred_at",
            "done_at",
            "correlation_id",
        ),
        "list_filter": ("state", TypeFilter, "occurred_at"),
    },
    InboxEvent: {
        **EVENT,
        "list_display": (
            "type",
            "state",
            "aggregate",
            "sequence",
            "attempts",
            "occurred_at",
            "done_at",
            "correlation_id",
        ),
        "list_filter": ("state", TypeFilter, "occurred_at"),
    },
    SagaRun: {
        "list_display": (
            "id",
            "saga",
            "step",
            "status",
            "past_pivot",
            "attempts",
            "due_at",
            "updated_at",
            "correlation_id",
        ),
        "list_filter": ("status", "past_pivot", "updated_at"),
        "search_fields": ("id", "saga", "step", "correlation_id", "subject"),
        "ordering": ("-updated_at",),
    },
    IdempotencyKey: {
        "list_display": ("scope", "key", "status", "work", "created_at"),
        "list_filter": ("created_at",),
        "search_fields": ("scope", "key", "work"),
        "ordering": ("-created_at",),
    },
    Ownership: {"list_display": ("app", "epoch", "database", "here")},
    RelayLease: {"list_display": ("app", "holder", "until")},
}

for (_app, _table), _proxy in PROXIES.items():
    admin.site.register(
        _proxy, type(f"{_proxy.__name__}Admin", (LayerAdmin,), {**SHOWN[_table], "app": _app})
    )
