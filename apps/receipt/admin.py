"""Receipts in the back office: found, read, and sent again."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.receipt.models import Receipt
from apps.receipt.services import receipt_resend
from extract.data.admin import OwnedAdmin, ReadOnlyAdmin, outside_transaction


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin, OwnedAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("document", "kind", "status", "email", "times_sent", "created_at", "sent_at")
    list_filter = ("status", "kind", "created_at", "sent_at")
    search_fields = ("document", "email", "name", "message_id", "=order", "=reference", "subject")
    date_hierarchy = "created_at"
    exclude = ("access_hash",)
    actions = ("resend",)
    show_full_result_count = False

    @outside_transaction(
        description="Send again",
        question="Send these receipts again, each under the Message-ID that it has?",
    )
    def resend(self, request: HttpRequest, queryset: QuerySet[Receipt]) -> None:
        """Send the chosen receipts, and say of each that could not be sent why."""
        sent = 0
        for receipt in queryset:
            if reason := _resend(receipt):
                self.message_user(request, f"{receipt}: {reason}", messages.ERROR)
            else:
                sent += 1
        if sent:
            self.message_user(request, f"Sent again: {sent}.", messages.SUCCESS)


def _resend(receipt: Receipt) -> str:
    """Why the receipt could not be sent, or ""."""
    try:
        receipt = receipt_resend(reference=receipt.pk)
    except Exception as error:  # one that fails must not stop the others
        return str(error)
    return receipt.last_error if receipt.status == Receipt.Status.FAILED else ""
