"""The pages in the footer, in the back office: there are those five, to be written."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from shop.pages.models import StandingPage


@admin.register(StandingPage)
class StandingPageAdmin(ModelAdmin):
    list_display = ("title", "updated_at")
    fields = ("title", "text")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False
