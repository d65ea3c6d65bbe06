"""What must always hold of stock, reservations and deliveries, and of what searches look at."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.product.models import Product, Reservation, ReservedItem, StockReceipt, Word
from apps.product.words import sort_key
from extract.audit import Row, invariant

State = Reservation.State
AT_ONCE = 500
COLUMNS = ("initial", "restocked", "on_hand", "reserved", "sold")


@invariant("Stock is never negative.", app="product")
def stock_is_not_negative() -> Iterator[Row]:
    """Products with fewer than no pieces anywhere."""
    yield from _found(
        Product.objects.filter(Q(*((f"{c}__lt", 0) for c in COLUMNS), _connector=Q.OR))
    )


@invariant("Initial and restocked pieces are on hand, reserved or sold.", app="product")
def no_piece_is_lost() -> Iterator[Row]:
    """Products whose pieces came from nowhere or are nowhere."""
    came = F("initial") + F("restocked")
    yield from _found(Product.objects.exclude(on_hand=came - F("reserved") - F("sold")))


@invariant("Reserved pieces are those of held reservations.", app="product")
def reserved_matches_reservations() -> Iterator[Row]:
    """Products whose reserved pieces are not the sum of their held reservations."""
    items = ReservedItem.objects.filter(reservation__state=State.HELD)
    yield from _unlike("reserved", items)


@invariant("Sold pieces are those of sold reservations.", app="product")
def sold_matches_reservations() -> Iterator[Row]:
    """Products whose sold pieces are not the sum of their sold reservations."""
    items = ReservedItem.objects.filter(reservation__state=State.SOLD)
    yield from _unlike("sold", items)


@invariant("Restocked pieces are those of stock receipts.", app="product")
def restocked_matches_receipts() -> Iterator[Row]:
    """Products whose restocked pieces are not the sum of their receipts."""
    yield from _unlike("restocked", StockReceipt.objects.all())


@invariant("Products are found and sorted by what they are called.", app="product")
def words_are_those_of_products() -> Iterator[Row]:
    """Products with other words or another key than their name, SKU and description give."""
    products = Product.objects.prefetch_related("words").order_by("id")
    for product in products.iterator(chunk_size=AT_ONCE):
        kept = {(word.place, bytes(word.word)) for word in product.words.all()}
        due = {(word.place, bytes(word.word)) for word in Word.rows_of(product)}
        if kept != due or bytes(product.sort_key) != sort_key(product.name):
            yield {"product": product.sku, "name": product.name}


def _unlike(column: str, rows: QuerySet[ReservedItem] | QuerySet[StockReceipt]) -> Iterator[Row]:
    """Products whose ``column`` is not the sum of the quantities of their ``rows``."""
    of_product = rows.filter(product=OuterRef("pk")).order_by().values("product")
    total = Subquery(of_product.annotate(total=Sum("quantity")).values("total"))
    products = Product.objects.annotate(booked=Coalesce(total, 0, output_field=IntegerField()))
    for product in products.exclude(**{column: F("booked")}).order_by("id").iterator():
        yield {"product": product.sku, column: getattr(product, column), "booked": product.booked}


def _found(products: QuerySet[Product]) -> Iterator[Row]:
    for product in products.order_by("id").iterator():
        yield {"product": product.sku, **{column: getattr(product, column) for column in COLUMNS}}
