"""What an order costs: lines, VAT and shipping.

Rounding: a line's VAT is its net amount times the rate, rounded half up to the penny;
totals are sums of rounded lines, so that an invoice always adds up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

import msgspec
from django.conf import settings

from apps.payment.models import VatRate
from apps.product.contract import Quote

PENNY = Decimal("0.01")
SHIPPING = "SHIPPING"
SHIPPING_TAX_CLASS = "standard"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A line to be priced; ``unit_price`` is net."""

    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    tax_class: str


class PricedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line with its VAT; ``vat_rate`` is in percent."""

    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    net: Decimal
    vat_rate: Decimal
    vat: Decimal


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """Priced lines, and their sums."""

    lines: tuple[PricedLine, ...]

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.lines), Decimal("0.00"))

    @property
    def vat(self) -> Decimal:
        return sum((line.vat for line in self.lines), Decimal("0.00"))

    @property
    def total(self) -> Decimal:
        return self.net + self.vat


def penny(amount: Decimal) -> Decimal:
    """``amount`` rounded half up to the penny."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)


def vat_rates(country: str) -> dict[str, Decimal]:
    """Percent by tax class; a class without a rate has no VAT there."""
    rates = VatRate.objects.filter(country=country)
    return {rate.tax_class: rate.percent for rate in rates}


def price(wanted: Iterable[Wanted], rates: Mapping[str, Decimal]) -> Priced:
    """Every line with its net amount and VAT."""
    return Priced(lines=tuple(_price_line(line, rates) for line in wanted))


def price_goods(quotes: Iterable[Quote], quantities: Mapping[str, int], country: str) -> Priced:
    """What so many pieces of the quoted products cost, delivered to ``country``."""
    wanted = [
        Wanted(
            sku=quote.sku,
            name=quote.name,
            quantity=quantities[quote.sku],
            unit_price=quote.price.amount,
            tax_class=quote.tax_class,
        )
        for quote in quotes
    ]
    return price([*wanted, shipping()], vat_rates(country))


def shipping() -> Wanted:
    """The flat shipping of an order, as a line."""
    return Wanted(
        sku=SHIPPING,
        name="Shipping",
        quantity=1,
        unit_price=settings.SHIPPING_PRICE,
        tax_class=SHIPPING_TAX_CLASS,
    )


def _price_line(line: Wanted, rates: Mapping[str, Decimal]) -> PricedLine:
    net = penny(line.unit_price * line.quantity)
    rate = rates.get(line.tax_class, Decimal(0))
    return PricedLine(
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        unit_price=line.unit_price,
        net=net,
        vat_rate=rate,
        vat=penny(net * rate / 100),
    )
