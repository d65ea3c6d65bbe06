"""What must hold between apps: read app by app, in order of the order's id, compared here.

One id goes through all of them: the order's is the checkout saga's and the reservation's.
A checkout past its pivot is still on its way to invoice, receipt and sale, which excuses
what it has not reached; so does an event that waits.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from apps.invoice.models import Document
from apps.payment.contract import OrderPaid
from apps.payment.models import Charge, Order, Refund
from apps.product.models import Reservation
from apps.receipt.models import Receipt
from extract.audit import Row, by_key, invariant, side_by_side
from extract.event.models import InboxEvent, OutboxEvent
from extract.saga.models import SagaRun

CHECKOUT = "checkout"


@invariant("Every charge has one order and one invoice, or was paid back whole.")
def charges_have_invoices() -> Iterator[Row]:
    """Charged orders without a paid order or exactly one invoice."""
    for order, (charges, orders, invoices, on_the_way) in side_by_side(
        by_key(Charge.objects.all(), "order_id", "state"),
        by_key(Order.objects.all(), "id", "status"),
        by_key(Document.objects.filter(kind=Document.Kind.INVOICE), "order"),
        _unfinished_checkouts(past_pivot=True),
    ):
        if len(invoices) > 1:
            yield {"order": order, "problem": f"{len(invoices)} invoices"}
        if not charges:
            if invoices:
                yield {"order": order, "problem": "an invoice without a charge"}
            continue
        paid_back = all(state == Charge.State.REFUNDED for (state,) in charges)
        if not orders:
            yield {"order": order, "problem": "charged without an order"}
        elif orders[0][0] not in Order.PAID_STATES and not paid_back:
            yield {"order": order, "problem": f"charged, but {orders[0][0]}"}
        elif not invoices and not on_the_way and not paid_back:
            yield {"order": order, "problem": "charged, but without an invoice"}


@invariant("A paid order was charged.")
def paid_orders_are_charged() -> Iterator[Row]:
    """Paid orders without a charge."""
    paid = Order.objects.filter(status__in=Order.PAID_STATES)
    for order, (orders, charges) in side_by_side(
        by_key(paid, "id", "status"), by_key(Charge.objects.all(), "order_id")
    ):
        if orders and not charges:
            yield {"order": order, "status": orders[0][0], "problem": "paid without a charge"}


@invariant("An order's total, its charge and its invoice are the same amount.")
def totals_agree() -> Iterator[Row]:
    """Orders whose charge or invoice differs from their total, or from their currency."""
    for order, (orders, charges, invoices) in side_by_side(
        by_key(Order.objects.all(), "id", "total", "currency"),
        by_key(Charge.objects.all(), "order_id", "amount", "currency"),
        by_key(Document.objects.filter(kind=Document.Kind.INVOICE), "order", "total", "currency"),
    ):
        amounts = {
            "total": orders[0] if orders else None,
            "charge": charges[0] if charges else None,
            "invoice": invoices[0] if invoices else None,
        }
        known = {amount for amount in amounts.values() if amount is not None}
        if len(known) > 1:
            yield {"order": order} | {
                name: " ".join(map(str, amount)) for name, amount in amounts.items() if amount
            }


@invariant("A credit note exists for every finished refund, and is the same amount.")
def refunds_have_credit_notes() -> Iterator[Row]:
    """Refunds done without their credit note, and credit notes of nothing or another sum."""
    on_the_way = SagaRun.objects.using("payment").filter(
        status__in=SagaRun.UNFINISHED, past_pivot=True
    )
    for refund, (refunds, notes, waiting) in side_by_side(
        by_key(Refund.objects.all(), "id", "status", "amount", "order_id"),
        by_key(Document.objects.filter(kind=Document.Kind.CREDIT_NOTE), "reference", "total"),
        by_key(on_the_way, "id"),
    ):
        is_done = bool(refunds) and refunds[0][0] == Refund.Status.DONE
        if notes and not is_done:
            yield {"refund": refund, "problem": "a credit note without a finished refund"}
        elif is_done and not notes and not waiting:
            yield {"refund": refund, "order": refunds[0][2], "problem": "no credit note"}
        elif is_done and notes and notes[0][0] != refunds[0][1]:
            yield {"refund": refund, "amount": refunds[0][1], "credit note": notes[0][0]}


@invariant("Each paid order has one receipt, and unpaid ones none.")
def paid_orders_have_receipts() -> Iterator[Row]:
    """Paid orders without a receipt, and receipts of orders that are not paid.

    News that waits, is a dead letter or was discarded excuses a receipt that it did not record.
    """
    payment_receipts = Receipt.objects.filter(kind=Receipt.Kind.PAYMENT)
    news = {"type": OrderPaid.type}
    outbox = OutboxEvent.objects.using("payment").filter(subscriber="receipt", **news)
    inbox = InboxEvent.objects.using("receipt").filter(consumer="receipt", **news)
    excused = (
        _unfinished_checkouts(past_pivot=True),
        _orders_of(by_key(outbox.exclude(state=OutboxEvent.State.DONE), "aggregate")),
        _orders_of(by_key(inbox.filter(recorded_at=None), "aggregate")),
    )
    for order, (orders, receipts, *on_the_way) in side_by_side(
        by_key(Order.objects.all(), "id", "status"),
        by_key(payment_receipts, "order"),
        *excused,
    ):
        is_paid = bool(orders) and orders[0][0] in Order.PAID_STATES
        if is_paid and not receipts and not any(on_the_way):
            yield {"order": order, "problem": "paid, but without a receipt"}
        elif len(receipts) > 1:
            yield {"order": order, "problem": f"{len(receipts)} receipts"}
        elif receipts and not is_paid:
            status = orders[0][0] if orders else "unknown"
            yield {"order": order, "problem": f"a receipt, but the order is {status}"}


@invariant("Stock is held only for a checkout under way.")
def held_stock_belongs_to_checkouts() -> Iterator[Row]:
    """Held reservations whose checkout is over, or never was."""
    held = Reservation.objects.filter(state=Reservation.State.HELD)
    sagas = SagaRun.objects.using("payment").filter(saga=CHECKOUT)
    for checkout, (reservations, runs) in side_by_side(
        by_key(held, "checkout", "created_at"), by_key(sagas, "id", "status")
    ):
        if reservations and (not runs or runs[0][0] not in SagaRun.UNFINISHED):
            yield {
                "checkout": checkout,
                "saga": runs[0][0] if runs else "none",
                "held since": reservations[0][0],
            }


@invariant("Stock is sold exactly to paid orders.")
def sold_stock_belongs_to_paid_orders() -> Iterator[Row]:
    """Sold reservations without a paid order, and paid orders whose stock was not sold."""
    for order, (reservations, orders, on_the_way) in side_by_side(
        by_key(Reservation.objects.all(), "checkout", "state"),
        by_key(Order.objects.all(), "id", "status"),
        _unfinished_checkouts(past_pivot=True),
    ):
        is_paid = bool(orders) and orders[0][0] in Order.PAID_STATES
        is_sold = bool(reservations) and reservations[0][0] == Reservation.State.SOLD
        if is_sold and not is_paid:
            status = orders[0][0] if orders else "unknown"
            yield {"order": order, "problem": f"stock sold, but the order is {status}"}
        elif is_paid and not is_sold and not on_the_way:
            state = reservations[0][0] if reservations else "not reserved"
            yield {"order": order, "problem": f"paid, but its stock is {state}"}


def _unfinished_checkouts(*, past_pivot: bool) -> Iterator[tuple[uuid.UUID]]:
    runs = SagaRun.objects.using("payment").filter(
        saga=CHECKOUT, status__in=SagaRun.UNFINISHED, past_pivot=past_pivot
    )
    return by_key(runs, "id")


def _orders_of(rows: Iterator[tuple[str]]) -> Iterator[tuple[uuid.UUID]]:
    """An order's events are told of under its id as text, which sorts as the id does."""
    for (aggregate,) in rows:
        yield (uuid.UUID(aggregate),)
