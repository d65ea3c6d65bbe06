"""A contract for measuring: three quotes from memory, so that only the call itself counts."""

from __future__ import annotations

from decimal import Decimal

from apps.product.contract import Money, Quote
from extract.call import Contract, provides, repeatable

QUOTES = tuple(
    Quote(
        sku=f"SKU-{number}",
        slug=f"thing-{number}",
        name=f"Thing {number}",
        price=Money(amount=Decimal("9.95"), currency="GBP"),
        tax_class="standard",
        available=10,
        image=f"/products/media/thing-{number}.webp",
    )
    for number in range(3)
)
_BY_SKU = {quote.sku: quote for quote in QUOTES}


def quote_plainly(*, skus: tuple[str, ...]) -> tuple[Quote, ...]:
    """What the provider does, as a plain function."""
    return tuple(_BY_SKU[sku] for sku in skus)


class Catalogue(Contract, app="catalogue"):
    @repeatable()
    def quote(self, *, skus: tuple[str, ...]) -> tuple[Quote, ...]: ...


@provides
class CatalogueProvider(Catalogue):
    def quote(self, *, skus: tuple[str, ...]) -> tuple[Quote, ...]:
        return quote_plainly(skus=skus)
