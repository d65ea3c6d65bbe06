"""What product offers to the others: prices, stock and reservations."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

import msgspec

from extract.call import Contract, DeclaredError, repeatable
from extract.subject import Held, UnderWay


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in the currency's main unit, to the penny."""

    amount: Decimal
    currency: str


PENNY = Decimal("0.01")


def penny(amount: Decimal) -> Decimal:
    """``amount`` rounded half up to the penny: the one rule for all money."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """So many pieces of one product."""

    sku: str
    quantity: int


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What one product is and costs now. ``price`` is net; ``image`` a URL path or "", ``srcset``
    its sizes as HTML's ``srcset`` has them, or ""."""

    sku: str
    slug: str
    name: str
    price: Money
    tax_class: str
    available: int
    image: str
    srcset: str = ""


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """A category of the catalogue, listed at ``/products/?category=<slug>``."""

    slug: str
    name: str


class NewProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product that is to exist, as far as a sales record tells."""

    sku: str
    name: str
    price: Decimal


class Shortage(msgspec.Struct, frozen=True, kw_only=True):
    """A product of which fewer pieces are there than wanted."""

    sku: str
    wanted: int
    available: int


class UnknownSku(DeclaredError):
    """There is no product {sku!r}."""

    sku: str


class OutOfStock(DeclaredError):
    """Some products are not in stock in the quantity wanted."""

    shortages: tuple[Shortage, ...]


class CheckoutReleased(DeclaredError):
    """Checkout {checkout} has already given its reservation back."""

    checkout: UUID


class ProductContract(Contract, app="product", version=2):
    """Prices, stock and reservations. Every method may be repeated."""

    @repeatable()
    def quote(self, *, skus: tuple[str, ...]) -> tuple[Quote, ...]:
        """The products among ``skus`` that exist and are on sale, in the order asked."""
        ...

    @repeatable()
    def featured(self, *, limit: int) -> tuple[Quote, ...]:
        """Up to ``limit`` products in stock for a shop window, best first."""
        ...

    @repeatable()
    def categories(self) -> tuple[Shelf, ...]:
        """Every category, in the shop's order."""
        ...

    @repeatable(raises=(OutOfStock, UnknownSku, CheckoutReleased))
    def reserve(self, *, checkout: UUID, items: tuple[Item, ...]) -> None:
        """Set stock aside for a checkout: all items or none. Repeated: no further effect."""
        ...

    @repeatable()
    def release(self, *, checkout: UUID) -> None:
        """Give a checkout's reservation back; a later ``reserve`` of it is refused.

        No effect on a reservation that was sold.
        """
        ...

    @repeatable(raises=(CheckoutReleased,))
    def sell(self, *, checkout: UUID) -> None:
        """Turn a checkout's reservation into a sale."""
        ...

    @repeatable(raises=(UnknownSku,))
    def restock(self, *, reference: UUID, items: tuple[Item, ...]) -> None:
        """Book pieces in, once per ``reference`` (a refund, a delivery)."""
        ...

    @repeatable()
    def introduce(self, *, products: tuple[NewProduct, ...]) -> None:
        """Make the products that do not exist yet; those that do are left as they are."""
        ...

    @repeatable()
    def held_about(self, *, subject: UUID, orders: tuple[UUID, ...] = (), after: str = "") -> Held:
        """What is kept about the subject and these of their orders: ``after`` is "", then the last
        answer's ``more``.
        """
        ...

    @repeatable(raises=(UnderWay,))
    def forget(self, *, subject: UUID, orders: tuple[UUID, ...]) -> None:
        """Let nothing here tell of the subject any more; reservations tell of nobody.

        At most some hundred orders at a time.
        """
        ...
