"""Each invariant between apps finds the breach that is planted for it, and knows its excuses."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.db.models import F
from django.utils import timezone

from apps.invoice.models import Document
from apps.payment.models import Charge, Order, Refund
from apps.product.models import Reservation
from apps.receipt.models import Receipt
from extract.audit import audit, invariants
from extract.data import owned
from extract.event.models import InboxEvent, OutboxEvent
from extract.saga.models import SagaRun
from tests.planting import change, remove, rows_breaking

INVOICED = "Every charge has one order and one invoice, or was paid back whole."
CHARGED = "A paid order was charged."
TOTALS = "An order's total, its charge and its invoice are the same amount."
CREDITED = "A credit note exists for every finished refund, and is the same amount."
RECEIPTS = "Each paid order has one receipt, and unpaid ones none."
HELD = "Stock is held only for a checkout under way."
SOLD = "Stock is sold exactly to paid orders."


def under_way(order: Order, *, past_pivot: bool = True) -> None:
    """Let the order's checkout not be finished."""
    runs = SagaRun.objects.using("payment").filter(pk=order.pk)
    change(runs, status="running", past_pivot=past_pivot, step="invoice")


def lose_invoice(order: Order) -> None:
    remove(Document.objects.filter(order=order.pk, kind="credit note"))
    remove(Document.objects.filter(order=order.pk))


def lose_receipt(order: Order) -> None:
    remove(Receipt.objects.filter(order=order.pk, kind="payment"))


def unsell(order: Order) -> None:
    change(Reservation.objects.filter(pk=order.pk), state="held")


def unpay(order: Order) -> None:
    change(Order.objects.filter(pk=order.pk), status="cancelled")


def lose_charge(order: Order) -> None:
    remove(Charge.objects.filter(order=order))


def test_a_shop_at_peace_breaks_none(order: Order) -> None:
    between = [known for known in invariants() if known.check.__module__ == "shop.invariants"]
    assert len(between) >= 7
    assert audit(checks=between, delays=()) == ()


@pytest.mark.parametrize(
    ("sentence", "breach"),
    [
        (INVOICED, lose_invoice),
        (INVOICED, unpay),
        (INVOICED, lose_charge),
        (CHARGED, lose_charge),
        (RECEIPTS, lose_receipt),
        (RECEIPTS, unpay),
        (SOLD, unsell),
        (SOLD, unpay),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_the_breach_is_found(order: Order, sentence: str, breach: Callable[[Order], None]) -> None:
    breach(order)
    assert [row["order"] for row in rows_breaking(sentence)] == [order.pk]


@pytest.mark.parametrize(
    ("sentence", "breach"), [(INVOICED, lose_invoice), (RECEIPTS, lose_receipt), (SOLD, unsell)]
)
def test_a_checkout_past_its_pivot_excuses_what_follows(
    order: Order, sentence: str, breach: Callable[[Order], None]
) -> None:
    breach(order)
    under_way(order, past_pivot=False)
    assert [row["order"] for row in rows_breaking(sentence)] == [order.pk]
    under_way(order)
    assert rows_breaking(sentence) == []


def test_a_charge_paid_back_whole_needs_no_invoice(order: Order) -> None:
    lose_invoice(order)
    change(Charge.objects.filter(order=order), state="refunded", refunded=F("amount"))
    assert rows_breaking(INVOICED) == []


def test_a_second_invoice_is_found(order: Order) -> None:
    twin = Document.objects.get(order=order.pk, kind="invoice")
    twin.pk, twin.reference, twin.sequence, twin.number = uuid.uuid4(), uuid.uuid4(), 900, "X-900"
    with owned("invoice"):
        twin.save(force_insert=True)
    (row,) = rows_breaking(INVOICED)
    assert (row["order"], row["problem"]) == (order.pk, "2 invoices")


def test_an_invoice_of_no_order_is_found(order: Order) -> None:
    stranger = uuid.uuid4()
    lone = Document.objects.get(order=order.pk, kind="invoice")
    lone.pk, lone.reference, lone.sequence, lone.number = uuid.uuid4(), stranger, 900, "X-900"
    lone.order = stranger
    with owned("invoice"):
        lone.save(force_insert=True)
    assert [row["order"] for row in rows_breaking(INVOICED)] == [stranger]


@pytest.mark.parametrize(
    "rows",
    [
        lambda order: Charge.objects.filter(order=order),
        lambda order: Document.objects.filter(reference=order.pk),
    ],
    ids=["charge", "invoice"],
)
def test_a_different_amount_is_found(order: Order, rows: Callable[[Order], object]) -> None:
    column = "amount" if rows(order).model is Charge else "total"  # type: ignore[attr-defined]
    change(rows(order), **{column: F(column) + 1})  # type: ignore[arg-type]
    assert [row["order"] for row in rows_breaking(TOTALS)] == [order.pk]


def test_a_refund_without_a_credit_note_is_found_unless_it_follows(order: Order) -> None:
    refund = Refund.objects.get(order=order)
    remove(Document.objects.filter(reference=refund.pk))
    assert [row["refund"] for row in rows_breaking(CREDITED)] == [refund.pk]
    change(SagaRun.objects.using("payment").filter(pk=refund.pk), status="running", past_pivot=True)
    assert rows_breaking(CREDITED) == []


def test_a_credit_note_for_nothing_or_too_much_is_found(order: Order) -> None:
    refund = Refund.objects.get(order=order)
    change(Document.objects.filter(reference=refund.pk), total=F("total") + 1)
    assert [row["refund"] for row in rows_breaking(CREDITED)] == [refund.pk]
    change(Refund.objects.filter(pk=refund.pk), status="cancelled")
    assert [row["refund"] for row in rows_breaking(CREDITED)] == [refund.pk]


def test_an_event_still_waiting_excuses_a_missing_receipt(order: Order) -> None:
    lose_receipt(order)
    news = OutboxEvent.objects.using("payment").filter(
        aggregate=str(order.pk), type="payment.OrderPaid", subscriber="receipt"
    )
    change(news, state="waiting")
    assert rows_breaking(RECEIPTS) == []


@pytest.mark.parametrize("state", ["waiting", "dead", "discarded"])
def test_news_that_receipt_could_not_record_excuses_a_missing_receipt(
    order: Order, state: str
) -> None:
    lose_receipt(order)
    news = InboxEvent.objects.using("receipt").filter(
        aggregate=str(order.pk), type="payment.OrderPaid"
    )
    change(news, state=state)
    assert [row["order"] for row in rows_breaking(RECEIPTS)] == [order.pk], "it was recorded"
    change(news, recorded_at=None)
    assert rows_breaking(RECEIPTS) == []


def test_stock_held_after_or_without_a_checkout_is_found(order: Order) -> None:
    unsell(order)
    with owned("product"):
        stray = Reservation.objects.create(checkout=uuid.uuid4()).pk
    assert {row["checkout"] for row in rows_breaking(HELD)} == {order.pk, stray}


def test_stock_held_for_a_checkout_under_way_is_no_breach(database: None) -> None:
    now, checkout = timezone.now(), uuid.uuid4()
    with owned("payment"):
        SagaRun.objects.using("payment").create(
            id=checkout, saga="checkout", step="capture", deadline_at=now, due_at=now
        )
    with owned("product"):
        Reservation.objects.create(checkout=checkout)
    assert rows_breaking(HELD) == []
