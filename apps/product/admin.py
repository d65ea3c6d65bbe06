"""The catalogue in the back office: products to edit and restock, reservations to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from apps.product.forms import DeliveryForm, ProductForm
from apps.product.models import Category, Product, Reservation, ReservedItem, StockReceipt
from apps.product.queries import LOW, RUNNING_LOW, SOLD_OUT, categories
from apps.product.search import products_found
from apps.product.services import EDITABLE, product_edit
from apps.product.sizing import picture_replaced
from apps.product.stock import stock_receive
from extract.data.admin import OwnedAdmin, ReadOnlyAdmin


class StockFilter(admin.SimpleListFilter):
    title = "stock"
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("out", "Sold out"), ("low", f"Fewer than {LOW}"), ("in", "In stock")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "out":
                return queryset.filter(SOLD_OUT)
            case "low":
                return queryset.filter(RUNNING_LOW)
            case "in":
                return queryset.filter(on_hand__gt=0)
        return queryset


@admin.register(Category)
class CategoryAdmin(OwnedAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("name", "slug", "position")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Product)
class ProductAdmin(OwnedAdmin, ModelAdmin):  # type: ignore[misc]
    """Edits go through the same service as the API's. Products are taken off sale, never
    deleted: orders know them.
    """

    form = ProductForm
    list_display = (
        "picture", "called", "sku", "category", "price", "on_hand", "reserved", "sold", "is_active",
    )  # fmt: skip
    list_display_links = ("called",)
    list_filter = ("category", "is_active", StockFilter, "tax_class")
    list_select_related = ("category",)
    search_fields = ("name", "sku")
    ordering = ("sort_key", "id")
    actions_detail = ("receive",)
    show_full_result_count = False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        what = ("sku", "name", "slug", "description", "category", "image", "is_active")
        stock: tuple[str, ...] = ("initial",)
        if obj:
            stock += ("restocked", "on_hand", "reserved", "sold", "version", "updated_at")
        return (
            (None, {"fields": (*what, "seen_version")}),
            ("Price", {"fields": ("price", "tax_class")}),
            ("Stock", {"fields": stock}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if not obj:
            return ()
        return (
            "sku", "initial", "restocked", "on_hand", "reserved", "sold", "version", "updated_at",
        )  # fmt: skip

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        if not change:
            obj.on_hand = obj.initial
            super().save_model(request, obj, form, change)
            picture_replaced(obj)
            return
        edited = EDITABLE.intersection(form.changed_data)
        fields = [field for field in Product._meta.fields if field.name in edited]
        if fields:
            # Stores an uploaded picture; of any other field, this is its value.
            changes = {field.name: field.pre_save(obj, add=False) for field in fields}
            version = form.cleaned_data["seen_version"]
            try:
                product_edit(sku=obj.sku, version=version, changes=changes)
            except Exception:
                if changes.get("image"):
                    # Already stored, and now nobody's.
                    obj.image.delete(save=False)
                raise

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """As in the shop, best first; by a column where one was chosen."""
        if not search_term.strip():
            return queryset, False
        found = products_found(queryset, search_term, categories()).products
        chosen = queryset.query.order_by if request.GET.get(ORDER_VAR) else ()
        return found.order_by(*chosen) if chosen else found, False

    @admin.display(description="name", ordering="sort_key")
    def called(self, product: Product) -> str:
        return product.name

    @admin.display(description="Picture")
    def picture(self, product: Product) -> str:
        if not product.image:
            return "–"
        return format_html(
            '<img src="{}" alt="" width="40" height="40" loading="lazy">', product.picture(80)
        )

    @action(description="Receive stock", url_path="receive", permissions=["change"], icon="add")
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how many pieces arrived, and book them in; the same form twice counts once."""
        product = self.get_object(request, object_id)
        if product is None:
            raise Http404("There is no such product.")
        form = DeliveryForm(product, request.POST or None)
        if request.method == "POST" and form.is_valid():
            stock_receive(sku=product.sku, **form.cleaned_data)
            said = f"{form.cleaned_data['quantity']} pieces of {product} are booked in."
            self.message_user(request, said, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:product_product_change", args=[product.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Receive {product}",
            "opts": self.opts,
            "product": product,
            "form": form,
        }
        return TemplateResponse(request, "product/admin/receive.html", context)


class ItemInline(TabularInline):  # type: ignore[misc]
    model = ReservedItem
    extra = 0
    fields = ("product", "quantity")
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        return found.select_related("product")

    def has_add_permission(self, request: HttpRequest, *args: object) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *args: object) -> bool:
        return False


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin, OwnedAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("checkout", "state", "created_at", "updated_at")
    list_filter = ("state", "created_at")
    search_fields = ("=checkout", "=items__product__sku")
    ordering = ("-created_at",)
    inlines = (ItemInline,)
    show_full_result_count = False


@admin.register(ReservedItem)
class ReservedItemAdmin(ReadOnlyAdmin, OwnedAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("reservation", "product", "quantity")
    list_filter = ("reservation__state",)
    list_select_related = ("reservation", "product")
    search_fields = ("=reservation__checkout", "=product__sku", "product__name")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(StockReceipt)
class StockReceiptAdmin(ReadOnlyAdmin, OwnedAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("product", "quantity", "reference", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("product",)
    search_fields = ("=reference", "=product__sku", "product__name")
    ordering = ("-created_at",)
    show_full_result_count = False
