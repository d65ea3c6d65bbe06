"""Posts one planned order or refund to the services, and waits until it is finished."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from datetime import time as clock
from itertools import islice

from django.db import IntegrityError
from django.utils import timezone

from apps.payment import refunds
from apps.payment.checkout import Address, Refused, place_priced
from apps.payment.checkout.place_order import Purchaser
from apps.payment.models import OrderLine
from apps.payment.pricing import Wanted
from apps.payment.replay.countries import country_code
from apps.payment.replay.lines import Line
from apps.payment.replay.rules import Refund, Sale
from apps.product.contract import Item, NewProduct, ProductContract
from extract.call import handle
from extract.saga.models import SagaRun

product = handle(ProductContract)

CUSTOMERS = uuid.UUID("5a0d9f0e-6c1b-5a53-9c0f-2f6a7f3f1e10")
"""Namespace of replayed customers: a subject is the UUIDv5 of the CustomerID in it."""

DOCUMENTS = uuid.UUID("8b1f4c52-3d70-5e0b-8a4e-7a9d54c6b2f1")
"""Namespace of what a file's invoices became: orders, refunds, stock booked in."""

ATTEMPTS = 5
"""Orders tried for one invoice: a live checkout may snatch the pieces just booked in."""

PATIENCE = 90.0
"""Seconds to wait for a saga that another process, perhaps a killed one, still holds."""

PRODUCTS_AT_ONCE = 500
NAME_LENGTH = 120


class ReplayStuck(Exception):
    """An order or refund could not be finished now; a later run takes it up again."""


class Shelf:
    """The products that the sales need: made where missing, and what tax class each has.

    Raises ``ReplayStuck`` when one of them is not on sale.
    """

    def __init__(self, sales: Iterable[tuple[Line, ...]]) -> None:
        first: dict[str, Line] = {}
        self.names: dict[str, str] = {}
        for line in (line for lines in sales for line in lines):
            first.setdefault(line.sku, line)
            if line.description:
                self.names.setdefault(line.sku, line.description[:NAME_LENGTH])
        self.tax_classes: dict[str, str] = {}
        for some in _some(first.values()):
            product.introduce(
                products=tuple(
                    NewProduct(sku=line.sku, name=self._name(line.sku), price=line.unit_price)
                    for line in some
                )
            )
            quotes = product.quote(skus=tuple(line.sku for line in some))
            self.tax_classes |= {quote.sku: quote.tax_class for quote in quotes}
        if withdrawn := sorted(first.keys() - self.tax_classes.keys()):
            raise ReplayStuck(
                f"The file sells products that were taken off sale: {', '.join(withdrawn)}. "
                f"Put them on sale for the replay, then run it again."
            )

    def wanted(self, line: Line) -> Wanted:
        """The line at the file's price."""
        return Wanted(
            sku=line.sku,
            name=line.description[:NAME_LENGTH] or self._name(line.sku),
            quantity=line.quantity,
            unit_price=line.unit_price,
            tax_class=self.tax_classes[line.sku],
        )

    def _name(self, sku: str) -> str:
        return self.names.get(sku, sku)


def subject_of(customer: str) -> str:
    """The subject of the customer with that CustomerID; "" for a guest."""
    return str(uuid.uuid5(CUSTOMERS, customer)) if customer else ""


def order_id(file: str, invoice_no: str, attempt: int = 0) -> uuid.UUID:
    """The id of the order that an invoice becomes, at the given attempt."""
    again = f"/{attempt}" if attempt else ""
    return uuid.uuid5(DOCUMENTS, f"order/{file}/{invoice_no}{again}")


def order_placed(file: str, sale: Sale, shelf: Shelf) -> uuid.UUID:
    """Place the sale's order, once, and return its id. Raises ``ReplayStuck``."""
    purchaser = Purchaser(
        subject=subject_of(sale.customer),
        email="",
        name=f"Customer {sale.customer}" if sale.customer else "Guest",
        address=Address(country=country_code(sale.country)),
    )
    pieces: dict[str, int] = {}
    for line in sale.lines:
        pieces[line.sku] = pieces.get(line.sku, 0) + line.quantity
    items = tuple(Item(sku=sku, quantity=quantity) for sku, quantity in pieces.items())
    wanted = [shelf.wanted(line) for line in sale.lines]
    for attempt in range(ATTEMPTS):
        order = order_id(file, sale.invoice_no, attempt)
        product.restock(reference=uuid.uuid5(DOCUMENTS, f"stock/{order}"), items=items)
        if _is_paid(order, purchaser, wanted, _noon(sale)):
            return order
    raise ReplayStuck(
        f"Invoice {sale.invoice_no} could not become an order in {ATTEMPTS} attempts; "
        f"see the saga of order {order} for the reason, then run the replay again."
    )


def refund_done(file: str, invoice_no: str, order: uuid.UUID, refund: Refund) -> None:
    """Refund what an invoice takes back of one order, once. Raises ``ReplayStuck``."""
    refund_id = uuid.uuid5(DOCUMENTS, f"refund/{file}/{invoice_no}/{order}")
    # The order's lines were written in the order of the sale's.
    ids = list(OrderLine.objects.filter(order=order).order_by("pk").values_list("pk", flat=True))
    try:
        answer = refunds.request(
            key=str(refund_id),
            order_id=order,
            lines=[(ids[index], quantity) for index, quantity in refund.pieces],
            requested_by="replay",
            refund_id=refund_id,
        )
    except Refused as refused:
        raise _refund_stuck(invoice_no, order, str(refused)) from refused
    if answer.status != 201:
        raise _refund_stuck(invoice_no, order, answer.body["detail"])


def _is_paid(
    order: uuid.UUID, purchaser: Purchaser, wanted: list[Wanted], placed_at: datetime
) -> bool:
    """Run the order's checkout to its end: True if it is paid, False if it was compensated."""
    ends_at, pause = time.monotonic() + PATIENCE, 0.02
    while True:
        try:
            run = place_priced(
                order_id=order, purchaser=purchaser, lines=wanted, placed_at=placed_at
            )
        except IntegrityError:  # Another run of the same file placed it at the same time.
            continue
        if run.status not in SagaRun.UNFINISHED:
            return run.status == SagaRun.Status.FINISHED
        if time.monotonic() >= ends_at:
            raise ReplayStuck(
                f"Order {order} is still at step {run.step!r} ({run.last_error or 'held'}); "
                f"run the replay again to go on from there."
            )
        time.sleep(pause)
        pause = min(pause * 2, 1.0)


def _refund_stuck(invoice_no: str, order: uuid.UUID, detail: str) -> ReplayStuck:
    return ReplayStuck(
        f"What invoice {invoice_no} takes back of order {order} could not be refunded: {detail} "
        f"Run the replay again to go on from there."
    )


def _noon(sale: Sale) -> datetime:
    """The file knows the day only, and it is the seller's."""
    return timezone.make_aware(datetime.combine(sale.day, clock(12)))


def _some(lines: Iterable[Line]) -> Iterator[tuple[Line, ...]]:
    rest = iter(lines)
    while some := tuple(islice(rest, PRODUCTS_AT_ONCE)):
        yield some
