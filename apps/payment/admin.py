"""Payment in the back office: orders to look at and refund, the books, the VAT rates."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from apps.payment.basket import identity
from apps.payment.models import (
    Cart,
    CartItem,
    Charge,
    LedgerEntry,
    Order,
    OrderLine,
    Refund,
    RefundLine,
    ReplayedLine,
    SandboxCharge,
    SandboxRefund,
    VatRate,
)
from apps.payment.queries import (
    invoice_is_late,
    refund_under_way_too_long,
    under_way_too_long,
)
from apps.payment.refund_forms import ConfirmedRefundForm, RefundForm, refunded
from extract.data.admin import (
    AttentionFilter,
    OwnedAdmin,
    ReadOnlyAdmin,
    ShortIdSearch,
    confirmation,
    outside_transaction,
)


class HistoryAdmin(ReadOnlyAdmin, OwnedAdmin, ModelAdmin):  # type: ignore[misc]
    """Rows that are found and read, no more. Large tables are not counted whole."""

    show_full_result_count = False
    list_per_page = 50


class HistoryInline(TabularInline):  # type: ignore[misc]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False


class LinesInline(HistoryInline):
    model = OrderLine
    fields = (
        "sku",
        "name",
        "quantity",
        "unit_price",
        "net",
        "vat_rate",
        "vat",
        "refunded_quantity",
    )


class ChargesInline(HistoryInline):
    model = Charge
    fields = ("provider", "reference", "amount", "refunded", "currency", "state", "captured_at")
    show_change_link = True
    readonly_fields = ("captured_at",)


class RefundsInline(HistoryInline):
    model = Refund
    fields = ("amount", "currency", "status", "credit_note", "asked_for_by", "created_at")
    show_change_link = True
    readonly_fields = ("asked_for_by", "created_at")

    @admin.display(description="Asked for by")
    def asked_for_by(self, refund: Refund) -> str:
        """An account, where it was one: a replay asks in its own name."""
        try:
            subject = uuid.UUID(refund.requested_by)
        except ValueError:
            return refund.requested_by
        found = get_user_model().objects.filter(subject=subject).first()
        return str(found or subject)


class OrderAttention(AttentionFilter):
    kinds = {
        "under-way": ("Under way too long", under_way_too_long),
        "no-invoice": ("Invoice is late", invoice_is_late),
    }


@admin.register(Order)
class OrderAdmin(ShortIdSearch, HistoryAdmin):  # type: ignore[misc]
    list_display = (
        "called", "placed_at", "name", "email", "country", "status", "total", "currency",
        "invoice_number",
    )  # fmt: skip
    list_filter = (OrderAttention, "status", "country", "placed_at", "silent")
    search_fields = ("email", "name", "^id", "=invoice_number", "=subject")
    search_help_text = "Order or invoice number, e-mail address, name, id or customer's subject"
    date_hierarchy = "placed_at"
    inlines = (LinesInline, ChargesInline, RefundsInline)
    actions = ("refund_whole",)
    actions_detail = ("refund_order",)

    @admin.display(description="Number", ordering="id")
    def called(self, order: Order) -> str:
        return format_html('<span class="whitespace-nowrap">{}</span>', order.number)

    def has_refund_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("payment.add_refund") and self.has_view_permission(request)

    @outside_transaction(
        description="Refund all that is left",
        question="Refund all that is left of these orders? It cannot be undone.",
        permissions=("refund",),
    )
    def refund_whole(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        for order in queryset:
            key = f"{confirmation(request)}:{order.pk}"
            done, said = refunded(
                key=key, order_id=order.pk, lines=None, by=identity(request).subject
            )
            self._tell(request, done, f"Order {order.number}: {said}")
            if done:
                self.log_change(request, order, said)

    @action(description="Refund", url_path="refund", permissions=["refund"], icon="undo")
    def refund_order(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page that asks which pieces, then once more; a double click refunds once."""
        order, template = _order(object_id), "payment/admin/refund.html"
        confirmed = ConfirmedRefundForm(request.POST)
        if request.method == "POST" and confirmed.is_valid():
            return self._refund(request, order, confirmed)
        form = RefundForm(order, request.POST or None)
        if request.method == "POST" and form.is_valid():
            if form.pieces:
                template = "payment/admin/refund_confirm.html"
            else:
                form.add_error(None, "Say how many pieces of which line are to be refunded.")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Refund order {order.number}",
            "opts": self.opts,
            "order": order,
            "form": form,
        }
        return TemplateResponse(request, template, context)

    def _refund(
        self, request: HttpRequest, order: Order, form: ConfirmedRefundForm
    ) -> HttpResponse:
        done, said = refunded(
            key=str(form.cleaned_data["key"]),
            order_id=order.pk,
            lines=form.chosen,
            by=identity(request).subject,
        )
        self._tell(request, done, said)
        if done:
            self.log_change(request, order, said)
        return redirect("admin:payment_order_change", order.pk)

    def _tell(self, request: HttpRequest, done: bool, said: str) -> None:
        self.message_user(request, said, messages.SUCCESS if done else messages.ERROR)


def _order(object_id: str) -> Order:
    try:
        return Order.objects.prefetch_related("lines").get(pk=uuid.UUID(object_id))
    except (Order.DoesNotExist, ValueError):
        raise Http404 from None


class CartItemsInline(HistoryInline):
    model = CartItem
    fields = ("sku", "quantity")


@admin.register(Cart)
class CartAdmin(HistoryAdmin):
    list_display = ("id", "state", "subject", "order", "created_at", "updated_at")
    list_filter = ("state", "updated_at")
    search_fields = ("^id", "=subject", "^order", "=items__sku")
    inlines = (CartItemsInline,)


@admin.register(Charge)
class ChargeAdmin(HistoryAdmin):
    list_display = (
        "captured_at", "provider", "reference", "amount", "refunded", "currency", "state",
    )  # fmt: skip
    list_filter = ("state", "provider", "captured_at")
    search_fields = ("reference", "^order__id", "order__email", "=order__invoice_number")
    date_hierarchy = "captured_at"


class RefundLinesInline(HistoryInline):
    model = RefundLine
    fields = ("line", "quantity", "net", "vat")


class RefundAttention(AttentionFilter):
    kinds = {"under-way": ("Under way too long", refund_under_way_too_long)}


@admin.register(Refund)
class RefundAdmin(HistoryAdmin):
    list_display = ("created_at", "order", "amount", "currency", "status", "credit_note")
    list_filter = (RefundAttention, "status", "created_at")
    list_select_related = ("order",)
    search_fields = ("^id", "^order__id", "order__email", "=credit_note", "=requested_by")
    inlines = (RefundLinesInline,)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(HistoryAdmin):
    list_display = ("created_at", "booking", "account", "amount", "currency", "order", "reference")
    list_filter = ("account", "currency", "created_at")
    list_select_related = ("order",)
    search_fields = ("^booking", "^order__id", "reference", "=order__invoice_number")
    date_hierarchy = "created_at"


@admin.register(VatRate)
class VatRateAdmin(OwnedAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("country", "tax_class", "percent")
    list_filter = ("tax_class", "country")
    search_fields = ("country", "tax_class")


@admin.register(SandboxCharge)
class SandboxChargeAdmin(HistoryAdmin):
    list_display = ("created_at", "key", "amount", "refunded", "currency", "voided")
    list_filter = ("voided", "created_at")
    search_fields = ("key",)


@admin.register(SandboxRefund)
class SandboxRefundAdmin(HistoryAdmin):
    list_display = ("created_at", "key", "charge", "amount")
    list_filter = ("created_at",)
    search_fields = ("key", "charge__key")


@admin.register(ReplayedLine)
class ReplayedLineAdmin(HistoryAdmin):
    list_display = ("file", "line", "invoice_no", "stock_code", "outcome", "reason", "net")
    list_filter = ("outcome", "reason", "file")
    search_fields = ("=invoice_no", "=stock_code", "^order")
