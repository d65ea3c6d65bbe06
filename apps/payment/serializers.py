"""Payment's JSON: what is taken, strictly, and what is answered."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from apps.payment.models import MAX_QUANTITY, Order, OrderLine, Refund
from apps.payment.providers import provider_names
from apps.payment.validators import country_exists, longest, postcode_is_one
from extract.edge import StrictSerializer
from extract.text.api_fields import EmailField, LineField

MOST_LINES = 1000
LARGEST_ID = 2**63 - 1


def _line_of(name: str, **options: Any) -> LineField:
    return LineField(max_length=longest(name), **options)


class NothingIn(StrictSerializer):
    """A body without any field."""


class CartItemIn(StrictSerializer):
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)


class AddressIn(StrictSerializer):
    line1 = _line_of("line1")
    line2 = _line_of("line2", allow_blank=True, default="")
    city = _line_of("city")
    postcode = _line_of("postcode", allow_blank=True, default="", validators=[postcode_is_one])
    country = serializers.CharField(
        min_length=2,
        max_length=2,
        trim_whitespace=False,
        validators=[country_exists],
        help_text="ISO 3166 alpha-2, in capitals",
    )


class PaymentIn(StrictSerializer):
    provider = serializers.ChoiceField(choices=provider_names())
    token = LineField(max_length=255)


class CheckoutIn(StrictSerializer):
    cart = serializers.CharField(max_length=100, help_text="the id of the cart")
    email = EmailField()
    name = _line_of("name")
    address = AddressIn()
    payment = PaymentIn()


class RefundLineIn(StrictSerializer):
    line = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    quantity = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)


class RefundIn(StrictSerializer):
    """Without ``lines``: all that is left."""

    lines = serializers.ListField(
        child=RefundLineIn(), required=False, allow_empty=False, max_length=MOST_LINES
    )

    def validate_lines(self, lines: list[dict[str, int]]) -> list[dict[str, int]]:
        if len({line["line"] for line in lines}) < len(lines):
            raise serializers.ValidationError("A line is listed twice.", code="listed_twice")
        return lines


@extend_schema_serializer(component_name="OrderMoney")
class MoneyOut(serializers.Serializer[Any]):
    amount = serializers.DecimalField(max_digits=None, decimal_places=2)
    currency = serializers.CharField()


@extend_schema_field(MoneyOut)
class MoneyField(serializers.Field):
    """The decimal ``attribute`` of a row, as money in the currency of its order."""

    def __init__(self, attribute: str, **options: Any) -> None:
        self.attribute = attribute
        super().__init__(source="*", read_only=True, **options)

    def to_representation(self, row: Any) -> dict[str, str]:
        order = row.order if isinstance(row, OrderLine) else row
        return {"amount": str(getattr(row, self.attribute)), "currency": order.currency}


class CartLineOut(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField()
    slug = serializers.CharField()
    image = serializers.CharField()
    quantity = serializers.IntegerField()
    price = MoneyOut()
    total = MoneyOut()
    available = serializers.IntegerField()


class CartOut(serializers.Serializer[Any]):
    """Prices and ``total`` are net, without shipping."""

    id = serializers.UUIDField()
    items = CartLineOut(many=True)
    total = MoneyOut()


class CheckoutOut(serializers.Serializer[Any]):
    """``total`` includes VAT and shipping; ``invoice`` is null if it follows later."""

    order = serializers.UUIDField()
    status = serializers.CharField()
    total = MoneyOut()
    invoice = serializers.CharField(allow_null=True)
    access = serializers.CharField()


class RefundAnswerOut(serializers.Serializer[Any]):
    """``credit_note`` is null if it follows later."""

    credit_note = serializers.CharField(allow_null=True)
    total = MoneyOut()


class AddressOut(serializers.Serializer[Any]):
    line1 = serializers.CharField()
    line2 = serializers.CharField()
    city = serializers.CharField()
    postcode = serializers.CharField()
    country = serializers.CharField()


class OrderLineOut(serializers.ModelSerializer[OrderLine]):
    unit_price = MoneyField("unit_price")
    net = MoneyField("net")
    vat = MoneyField("vat")

    class Meta:
        model = OrderLine
        fields = [
            "id",
            "sku",
            "name",
            "quantity",
            "unit_price",
            "net",
            "vat_rate",
            "vat",
            "refunded_quantity",
        ]


class RefundOut(serializers.ModelSerializer[Refund]):
    total = MoneyField("amount")
    credit_note = serializers.SerializerMethodField()

    class Meta:
        model = Refund
        fields = ["id", "status", "credit_note", "total", "created_at"]

    def get_credit_note(self, refund: Refund) -> str | None:
        return refund.credit_note or None


class OrderOut(serializers.ModelSerializer[Order]):
    number = serializers.CharField(help_text="what people call the order")
    address = AddressOut(source="*")
    lines = OrderLineOut(many=True)
    net = MoneyField("net")
    vat = MoneyField("vat")
    total = MoneyField("total")
    invoice = serializers.SerializerMethodField()
    refunds = RefundOut(many=True)

    class Meta:
        model = Order
        fields = [
            "id",
            "number",
            "status",
            "placed_at",
            "email",
            "name",
            "address",
            "lines",
            "net",
            "vat",
            "total",
            "invoice",
            "refunds",
        ]

    def get_invoice(self, order: Order) -> str | None:
        return order.invoice_number or None
