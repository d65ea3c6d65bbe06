"""What an order costs: lines, VAT and shipping.

Rounding: a line's VAT is its net amount times the rate, rounded half up to the penny;
totals are sums of rounded lines, so that an invoice always adds up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec
from django.conf import settings

from apps.payment.models import VatRate
from apps.payment.vat import territory
from apps.product.contract import Quote, penny

SHIPPING = "SHIPPING"
SHIPPING_TAX_CLASS = "standard"


class OtherCurrency(Exception):
    """Prices came in a currency that is not the shop's."""

    def __init__(self, *currencies: str) -> None:
        super().__init__(
            f"Prices came in {', '.join(currencies)}, and CURRENCY is {settings.CURRENCY} here; "
            f"every process must be told the same."
        )


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


def vat_of_part(
    *,
    unit_price: Decimal,
    rate: Decimal,
    quantity: int,
    vat: Decimal,
    before: int,
    back_before: Decimal,
    pieces: int,
) -> Decimal:
    """The VAT that goes back with ``pieces`` of a line of ``quantity`` pieces and ``vat``; so many
    went back ``before``, with ``back_before``.

    It is what is due on all of them so far, rounded, less what went back before. So it is within
    half a penny of what it owes, within a penny of the rate on its own net amount, and all parts
    together are the line's VAT exactly.
    """
    so_far = before + pieces
    due = vat if so_far == quantity else min(penny(unit_price * so_far * rate / 100), vat)
    return max(due - back_before, Decimal(0))


def vat_rates(country: str, postcode: str = "") -> dict[str, Decimal]:
    """Percent by tax class; a class without a rate has no VAT there."""
    rates = VatRate.objects.filter(country=territory(country, postcode))
    return {rate.tax_class: rate.percent for rate in rates}


def price(wanted: Iterable[Wanted], rates: Mapping[str, Decimal]) -> Priced:
    """Every line with its net amount and VAT."""
    return Priced(lines=tuple(_price_line(line, rates) for line in wanted))


def price_goods(
    quotes: Iterable[Quote], quantities: Mapping[str, int], country: str, postcode: str = ""
) -> Priced:
    """What so many pieces of the quoted products cost, delivered to ``postcode`` in ``country``.

    Raises ``OtherCurrency`` where product was told another ``CURRENCY`` than this process.
    """
    quotes = tuple(quotes)
    if other := {quote.price.currency for quote in quotes} - {settings.CURRENCY}:
        raise OtherCurrency(*other)
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
    return price([*wanted, shipping()], vat_rates(country, postcode))


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
