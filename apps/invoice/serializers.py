"""Documents as the API shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.invoice.lines import vat_table
from apps.invoice.models import Document


class MoneyOut(serializers.Serializer[Any]):
    """An amount with its currency."""

    amount = serializers.DecimalField(max_digits=12, decimal_places=2)
    currency = serializers.CharField()


@extend_schema_field(MoneyOut)
class AmountOut(serializers.Field):  # type: ignore[type-arg]
    """An amount in the document's currency, which the context names."""

    def to_representation(self, value: Decimal) -> dict[str, str]:
        return {"amount": f"{value:.2f}", "currency": self.context["currency"]}


class BuyerOut(serializers.Serializer[Document]):
    """Who the document is made out to."""

    name = serializers.CharField(source="buyer_name")
    email = serializers.CharField(source="buyer_email")
    line1 = serializers.CharField(source="buyer_line1")
    line2 = serializers.CharField(source="buyer_line2")
    city = serializers.CharField(source="buyer_city")
    postcode = serializers.CharField(source="buyer_postcode")
    country = serializers.CharField(source="buyer_country")


class DocumentLineOut(serializers.Serializer[Any]):
    """A line; ``vat_rate`` is in percent."""

    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = AmountOut()
    net = AmountOut()
    vat_rate = serializers.DecimalField(max_digits=5, decimal_places=2)
    vat = AmountOut()


class VatRowOut(serializers.Serializer[Any]):
    """All lines of one VAT rate, in percent."""

    rate = serializers.DecimalField(max_digits=5, decimal_places=2)
    net = AmountOut()
    vat = AmountOut()


class DocumentOut(serializers.Serializer[Document]):
    """An invoice or credit note; ``invoice`` is the number of what a credit note corrects."""

    number = serializers.CharField()
    kind = serializers.ChoiceField(choices=Document.Kind.values)
    order = serializers.UUIDField()
    invoice = serializers.CharField(source="invoice.number", default=None, allow_null=True)
    issued_at = serializers.DateTimeField()
    supplied_at = serializers.DateTimeField(help_text="the tax point")
    buyer = BuyerOut(source="*")
    lines = DocumentLineOut(source="lines.all", many=True)
    vat_table = serializers.SerializerMethodField()
    net = AmountOut()
    vat = AmountOut()
    total = AmountOut()

    @extend_schema_field(VatRowOut(many=True))
    def get_vat_table(self, document: Document) -> Any:
        rows = vat_table(document.lines.all())
        return VatRowOut(rows, many=True, context=self.context).data
