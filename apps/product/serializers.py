"""Products as the API tells of them and lets them be edited."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.product.models import Category, Product
from apps.product.queries import image_path
from extract.edge import StrictSerializer
from extract.text.api_fields import LineField, ParagraphsField

LONGEST_DESCRIPTION = 10_000
SLUG = r"^[-a-zA-Z0-9_]+\Z"


class PriceSerializer(StrictSerializer):
    """An amount in the shop's currency, to the penny."""

    amount = serializers.DecimalField(max_digits=10, decimal_places=2, min_value=0)
    currency = serializers.CharField(max_length=3)

    def validate_currency(self, value: str) -> str:
        if value != settings.CURRENCY:
            raise serializers.ValidationError(f"Prices are in {settings.CURRENCY}.")
        return value


class ProductSummarySerializer(serializers.ModelSerializer[Product]):
    price = serializers.SerializerMethodField(help_text="Net.")
    available = serializers.IntegerField(read_only=True)
    image = serializers.SerializerMethodField(help_text="URL path of the picture, if there is one.")
    category = serializers.SlugField(source="category.slug", read_only=True)

    class Meta:
        model = Product
        fields: tuple[str, ...] = (
            "sku", "slug", "name", "price", "available", "image", "category",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(PriceSerializer)
    def get_price(self, product: Product) -> dict[str, str]:
        return {"amount": f"{product.price:.2f}", "currency": settings.CURRENCY}

    def get_image(self, product: Product) -> str | None:
        return image_path(product) or None


class ProductSerializer(ProductSummarySerializer):
    class Meta(ProductSummarySerializer.Meta):
        fields = (
            *ProductSummarySerializer.Meta.fields,
            "description",
            "tax_class",
            "is_active",
        )
        read_only_fields = fields


class ProductEditSerializer(StrictSerializer):
    """What may be edited, all of it optional. ``category`` is the slug of one that exists."""

    name = LineField(max_length=120, required=False)
    description = ParagraphsField(max_length=LONGEST_DESCRIPTION, allow_blank=True, required=False)
    price = PriceSerializer(required=False)
    category = serializers.RegexField(SLUG, max_length=80, required=False)
    tax_class = serializers.ChoiceField(Product.TaxClass.choices, required=False)
    is_active = serializers.BooleanField(required=False)

    def validate_category(self, value: str) -> Category:
        category = Category.objects.filter(slug=value).first()
        if category is None:
            raise serializers.ValidationError(f"There is no category {value!r}.")
        return category

    def validate_price(self, value: dict[str, Any]) -> Any:
        return value["amount"]
