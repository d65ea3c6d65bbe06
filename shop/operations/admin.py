"""Outboxes, inboxes, sagas, keys and leases of every app, to be found and read.

Dead letters are decided here as well: they are retried or discarded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from extract.data import DataError
from extract.data.admin import ReadOnlyAdmin, outside_transaction
from extract.data.models import IdempotencyKey, Ownership
from extract.event.letters import discard, retry
from extract.event.models import Beat, InboxEvent, OutboxEvent, RelayLease, Verdict
from extract.saga import try_again
from extract.saga.models import SagaRun
from shop.operations.models import PROXIES, Audit


class TypeFilter(admin.SimpleListFilter):
    """The event types that occur: Django's own filter would ask the wrong alias."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        types = model_admin.get_queryset(request).order_by("type").values_list("type", flat=True)
        return [(name, name) for name in types.distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(type=self.value()) if self.value() else queryset


class FailingFilter(admin.SimpleListFilter):
    """Sagas that fail for the same reason again and again."""

    title = "failing"
    parameter_name = "failing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Again and again")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(failures__gt=1) if self.value() else queryset


class LayerAdmin(ReadOnlyAdmin, ModelAdmin):
    """Rows of one app's alias."""

    app = ""
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).using(self.app)


class InboxAdmin(LayerAdmin):
    """Events that arrived at one app. Who may change them may decide what becomes of dead ones."""

    actions = ("retry", "discard")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        codename = get_permission_codename("change", self.opts)
        return bool(request.user.has_perm(f"{self.opts.app_label}.{codename}"))

    @outside_transaction(
        description="Retry dead letters",
        question="Have these dead letters tried again, as often as any event?",
        permissions=("decide",),
    )
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._decide(request, queryset, retry, "Retried")

    @outside_transaction(
        description="Discard dead letters",
        question="Discard these dead letters? They take no effect then. It cannot be undone.",
        permissions=("decide",),
    )
    def discard(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._decide(request, queryset, discard, "Discarded")

    def _decide(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        decide: Callable[..., Collection[Verdict]],
        done: str,
    ) -> None:
        chosen: list[UUID] = list(queryset.values_list("event_id", flat=True))
        try:
            decided = decide(self.app, chosen, by=request.user.get_username())
        except DataError as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        if decided:
            self.message_user(request, f"{done}: {len(decided)}.", messages.SUCCESS)
        if others := len(chosen) - len(decided):
            said = f"Left alone, since they are no dead letters (any more): {others}."
            self.message_user(request, said, messages.WARNING)


class SagaAdmin(LayerAdmin):
    """Work across apps. What waits for its next try may be tried at once."""

    actions = ("retry",)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"operations.{get_permission_codename('change', self.opts)}")

    @admin.action(description="Try again now", permissions=("decide",))
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        chosen: list[UUID] = list(queryset.values_list("pk", flat=True))
        moved = try_again(self.app, chosen)
        self.message_user(request, f"Tried again now: {moved} of {len(chosen)}.", messages.SUCCESS)


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
            "last_error",
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
            "failures",
            "failing_since",
            "last_error",
            "due_at",
            "updated_at",
            "correlation_id",
        ),
        "list_filter": ("status", "past_pivot", FailingFilter, "updated_at"),
        "search_fields": ("id", "saga", "step", "correlation_id", "subject"),
        "ordering": ("-updated_at",),
    },
    IdempotencyKey: {
        "list_display": ("scope", "key", "status", "work", "created_at"),
        "list_filter": ("created_at",),
        "search_fields": ("scope", "key", "work"),
        "ordering": ("-created_at",),
    },
    Verdict: {
        "list_display": (
            "decided_at",
            "decision",
            "by",
            "type",
            "aggregate",
            "attempts",
            "error",
            "correlation_id",
        ),
        "list_filter": ("decision", TypeFilter, "decided_at"),
        "search_fields": ("event_id", "aggregate", "correlation_id", "by", "type"),
        "ordering": ("-decided_at", "-id"),
    },
    Beat: {"list_display": ("name", "due_at", "asked_at")},
    Ownership: {"list_display": ("app", "epoch", "database", "here")},
    RelayLease: {"list_display": ("app", "holder", "until")},
}


@admin.register(Audit)
class AuditAdmin(ReadOnlyAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("started_at", "outcome", "ended_at")
    fields = ("started_at", "ended_at", "outcome", "found", "error")
    readonly_fields = ("started_at", "ended_at", "outcome", "found", "error")

    @admin.display(description="Broken")
    def found(self, audit: Audit) -> str:
        """Each invariant that is broken, and what breaks it."""
        return "\n".join(
            f"{each['invariant']} ({each['count']})\n"
            + "".join(f"– {row}\n" for row in each["rows"])
            for each in audit.broken
        )


ADMINS: dict[type[models.Model], type[LayerAdmin]] = {InboxEvent: InboxAdmin, SagaRun: SagaAdmin}

for (_app, _table), _proxy in PROXIES.items():
    _base = ADMINS.get(_table, LayerAdmin)
    admin.site.register(
        _proxy, type(f"{_proxy.__name__}Admin", (_base,), {**SHOWN[_table], "app": _app})
    )
