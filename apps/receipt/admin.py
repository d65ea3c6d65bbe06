"""Receipts in the back office: found, read, and sent again."""

from __future__ import annotations

from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from apps.receipt.models import Receipt, Resend
from apps.receipt.queries import failed_lately, queued_too_long, resending, troubles
from apps.receipt.services import NotSendable, resend_ask
from extract.data.admin import (
    AttentionFilter,
    OwnedAdmin,
    ReadOnlyAdmin,
    ShortIdSearch,
    confirmation,
    outside_transaction,
)

PROGRESS = "receipt_receipt_resends"
REASONS_TOLD = 3
TROUBLES_SHOWN = 100


class ReceiptAttention(AttentionFilter):
    kinds = {
        "failed": ("Failed lately", failed_lately),
        "late": ("Waits too long", queued_too_long),
    }


@admin.register(Receipt)
class ReceiptAdmin(ShortIdSearch, ReadOnlyAdmin, OwnedAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("document", "kind", "status", "email", "times_sent", "created_at", "sent_at")
    list_filter = (ReceiptAttention, "status", "kind", "created_at", "sent_at")
    short_id_field = "order"
    search_fields = ("document", "email", "name", "message_id", "=order", "=reference", "subject")
    date_hierarchy = "created_at"
    exclude = ("access_hash",)
    actions = ("resend",)
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.resends)
        return [path("resends/<uuid:batch>/", page, name=PROGRESS), *super().get_urls()]

    @outside_transaction(
        description="Send again",
        question="Send these receipts again, each under the Message-ID that it has?",
    )
    def resend(self, request: HttpRequest, queryset: QuerySet[Receipt]) -> HttpResponse | None:
        """Ask for the sending of the chosen receipts, say which never are, and show the rest."""
        never = queryset.filter(status=Receipt.Status.SUPPRESSED)
        for receipt in never[:REASONS_TOLD]:
            self.message_user(request, str(NotSendable(receipt)), messages.ERROR)
        if (more := never.count() - REASONS_TOLD) > 0:
            self.message_user(request, f"{more} more are suppressed too.", messages.ERROR)
        batch = UUID(confirmation(request))
        chosen = queryset.exclude(status=Receipt.Status.SUPPRESSED)
        resend_ask(receipts=chosen, batch=batch, by=request.user.get_username())
        if resending(batch) is None:
            return None
        return redirect(f"admin:{PROGRESS}", batch)

    def resends(self, request: HttpRequest, batch: UUID) -> HttpResponse:
        """How far a batch has come. A script asks for the page again until that is the end."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if (progress := resending(batch)) is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": "Receipts sent again" if progress.is_finished else "Sending receipts again",
            "opts": self.opts,
            "progress": progress,
            "troubles": troubles(batch, limit=TROUBLES_SHOWN),
        }
        return TemplateResponse(request, "receipt/admin/resends.html", context)


@admin.register(Resend)
class ResendAdmin(ReadOnlyAdmin, OwnedAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("asked_at", "receipt", "asked_by", "status", "done_at", "progress")
    list_filter = ("status", "asked_at")
    list_select_related = ("receipt",)
    search_fields = ("=batch", "asked_by", "receipt__document", "receipt__email", "=receipt__order")
    date_hierarchy = "asked_at"
    show_full_result_count = False

    @admin.display(description="Batch")
    def progress(self, resend: Resend) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse(f"admin:{PROGRESS}", args=[resend.batch]), resend.batch
        )
