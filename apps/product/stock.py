"""Every movement of stock. Each may be repeated, and none leaves a product below zero.

Rows are locked in the order of their ids, so that two baskets cannot wait for each other;
what is taken is taken by one conditional update, which holds on databases without row locks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID, uuid4

from django.db import connections, router

from apps.product.contract import (
    CheckoutReleased,
    Item,
    OutOfStock,
    Shortage,
    UnknownSku,
)
from apps.product.models import Product, Reservation, ReservedItem, StockReceipt
from apps.product.queries import is_sku
from extract.data import owned

State = Reservation.State


def stock_reserve(*, checkout: UUID, items: Iterable[Item]) -> None:
    """Set all of ``items`` aside for the checkout, or nothing; once, however often repeated.

    Raises ``OutOfStock`` with every shortage, ``UnknownSku``, or ``CheckoutReleased`` if the
    checkout's reservation was given back, even before it was made.
    """
    wanted = _pieces(items)
    with owned("product"):
        reservation, is_new = Reservation.objects.get_or_create(checkout=checkout)
        if reservation.state == State.RELEASED:
            raise CheckoutReleased(checkout=checkout)
        if not is_new:
            return
        products = _locked(wanted, only_active=True)
        amounts = {product.pk: wanted[product.sku] for product in products}
        short = tuple(
            Shortage(sku=p.sku, wanted=wanted[p.sku], available=p.on_hand)
            for p in products
            if p.on_hand < wanted[p.sku]
        )
        if short or _move(amounts, on_hand=-1, reserved=+1) < len(amounts):
            raise OutOfStock(shortages=short)
        ReservedItem.objects.bulk_create(
            ReservedItem(reservation=reservation, product_id=pk, quantity=quantity)
            for pk, quantity in amounts.items()
        )


def stock_release(*, checkout: UUID) -> None:
    """Give the checkout's reservation back, unless it was sold.

    An unknown checkout is remembered as released, so that a reservation still on its way
    is refused when it arrives.
    """
    with owned("product"):
        _, is_new = Reservation.objects.get_or_create(
            checkout=checkout, defaults={"state": State.RELEASED}
        )
        if not is_new and _turn(checkout, State.RELEASED):
            _move(_reserved_by(checkout), reserved=-1, on_hand=+1)


def stock_sell(*, checkout: UUID) -> None:
    """Turn the checkout's reservation into a sale; once, however often repeated.

    Raises ``CheckoutReleased`` if there is no reservation (any more) to sell.
    """
    with owned("product"):
        if _turn(checkout, State.SOLD):
            _move(_reserved_by(checkout), reserved=-1, sold=+1)
        elif not Reservation.objects.filter(checkout=checkout, state=State.SOLD).exists():
            raise CheckoutReleased(checkout=checkout)


def stock_restock(*, reference: UUID, items: Iterable[Item]) -> None:
    """Book pieces in, once per reference and product. Raises ``UnknownSku`` before anything."""
    pieces = _pieces(items)
    with owned("product"):
        products = _locked(pieces)
        # The locks keep other bookings of these products out until this one is committed.
        booked = set(
            StockReceipt.objects.filter(reference=reference).values_list("product_id", flat=True)
        )
        amounts = {p.pk: pieces[p.sku] for p in products if p.pk not in booked}
        StockReceipt.objects.bulk_create(
            StockReceipt(reference=reference, product_id=pk, quantity=quantity)
            for pk, quantity in amounts.items()
        )
        _move(amounts, restocked=+1, on_hand=+1)


def stock_receive(*, sku: str, quantity: int, reference: UUID | None = None) -> None:
    """Book a delivery of one product in, as an operator does. Raises ``UnknownSku``."""
    items = (Item(sku=sku, quantity=quantity),)
    stock_restock(reference=reference or uuid4(), items=items)


def _pieces(items: Iterable[Item]) -> dict[str, int]:
    pieces: Counter[str] = Counter()
    for item in items:
        if item.quantity < 1:
            raise ValueError(f"{item.quantity} pieces of {item.sku!r} cannot be moved; ask for 1+.")
        if not is_sku(item.sku):
            raise UnknownSku(sku=item.sku)
        pieces[item.sku] += item.quantity
    return dict(pieces)


def _locked(pieces: Mapping[str, int], *, only_active: bool = False) -> list[Product]:
    """The products of ``pieces`` in the order of their ids, locked where rows can be."""
    products = list(
        Product.objects.select_for_update(no_key=True)
        .filter(sku__in=pieces, **({"is_active": True} if only_active else {}))
        .order_by("id")
        .only("id", "sku", "on_hand")
    )
    if missing := pieces.keys() - {product.sku for product in products}:
        raise UnknownSku(sku=min(missing))
    return products


def _move(amounts: Mapping[int, int], **columns: int) -> int:
    """Add (+1) or take (-1) each product's amount in each column, where all that is there.

    Returns how many products had enough; the others are left as they were.
    """
    if not amounts:
        return 0
    taken = [column for column, sign in columns.items() if sign < 0]
    changes = ", ".join(
        f"{column} = {column} {'+' if sign > 0 else '-'} %s" for column, sign in columns.items()
    )
    enough = "".join(f" AND {column} >= %s" for column in taken)
    # One statement for many products, and one round trip: a CASE for each product that the ORM
    # would write made a third of a long basket's time.
    with connections[router.db_for_write(Product)].cursor() as cursor:
        cursor.executemany(
            f"UPDATE {Product._meta.db_table} SET {changes} WHERE id = %s{enough}",
            [
                (*[amount] * len(columns), pk, *[amount] * len(taken))
                for pk, amount in amounts.items()
            ],
        )
        return int(cursor.rowcount)


def _turn(checkout: UUID, state: str) -> bool:
    """Whether this call is the one that ends the checkout's held reservation."""
    held = Reservation.objects.filter(checkout=checkout, state=State.HELD)
    return held.update(state=state) == 1


def _reserved_by(checkout: UUID) -> dict[int, int]:
    items = ReservedItem.objects.filter(reservation_id=checkout)
    amounts = dict(items.values_list("product_id", "quantity"))
    products = Product.objects.select_for_update(no_key=True).filter(pk__in=amounts)
    list(products.order_by("id").values_list("pk"))  # taken in the order of ids, as everywhere
    return amounts
