"""What customers asked for, to be read; what waits may be tried again at once."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from extract.data.admin import ReadOnlyAdmin
from shop.rights.erasure import try_again
from shop.rights.models import Request


@admin.register(Request)
class RequestAdmin(ReadOnlyAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("kind", "subject", "state", "asked_at", "ended_at", "tries", "last_error")
    list_filter = ("kind", "state", "asked_at")
    search_fields = ("=id", "=subject")
    date_hierarchy = "asked_at"
    actions = ("retry",)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"rights.{get_permission_codename('change', self.opts)}")

    @admin.action(description="Try again now", permissions=("decide",))
    def retry(self, request: HttpRequest, queryset: QuerySet[Request]) -> None:
        chosen = list(queryset)
        moved = try_again(chosen)
        self.message_user(request, f"Tried again now: {moved} of {len(chosen)}.", messages.SUCCESS)
