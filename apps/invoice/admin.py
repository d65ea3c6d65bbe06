"""Documents in the back office: to be found and read. Nobody edits what was issued."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline

from apps.invoice.models import Document, DocumentLine, NumberSeries
from extract.data.admin import OwnedAdmin, ReadOnlyAdmin, ShortIdSearch


class LineInline(TabularInline):  # type: ignore[misc]
    model = DocumentLine
    extra = 0
    fields = ("position", "sku", "name", "quantity", "unit_price", "net", "vat_rate", "vat")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, *args: object) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *args: object) -> bool:
        return False


@admin.register(Document)
class DocumentAdmin(ShortIdSearch, ReadOnlyAdmin, OwnedAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("number", "kind", "buyer_name", "buyer_email", "total", "currency", "issued_at")
    list_filter = ("kind", "series", "currency", "buyer_country", "issued_at")
    short_id_field = "order"
    search_fields = ("number", "=order", "=reference", "buyer_name", "buyer_email", "subject")
    date_hierarchy = "issued_at"
    ordering = ("-issued_at", "-sequence")
    inlines = (LineInline,)
    exclude = ("access_hash",)
    readonly_fields = ("pdf",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        found: QuerySet[Document] = super().get_queryset(request)
        return found.select_related("invoice")

    @admin.display(description="PDF")
    def pdf(self, document: Document) -> str:
        return format_html('<a href="/invoices/{0}.pdf">{0}.pdf</a>', document.number)


@admin.register(NumberSeries)
class NumberSeriesAdmin(ReadOnlyAdmin, OwnedAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("name", "last")
    search_fields = ("name",)
