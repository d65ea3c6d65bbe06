"""Each invariant of payment finds the breach that is planted for it."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.db.models import F

from apps.payment.models import Cart, Charge, LedgerEntry, Order, OrderLine, Refund, RefundLine
from extract.audit import audit, invariants
from extract.data import owned
from tests.planting import change, remove, rows_breaking, without_constraint


def test_a_shop_at_peace_breaks_none(order: Order) -> None:
    mine = [known for known in invariants() if known.app == "payment"]
    assert len(mine) >= 9
    assert audit(checks=mine, delays=()) == ()


def test_a_penny_too_many_in_the_ledger_is_found(order: Order) -> None:
    entry = LedgerEntry.objects.filter(order=order, account="vat").order_by("pk")[0]
    change(LedgerEntry.objects.filter(pk=entry.pk), amount=F("amount") + Decimal("0.01"))
    (ledger,) = rows_breaking("The ledger sums to zero per currency.")
    assert ledger == {"currency": "GBP", "balance": Decimal("0.01")}
    (booking,) = rows_breaking("Each booking sums to zero, in one currency.")
    assert booking["booking"] == entry.booking


def test_a_booking_in_two_currencies_is_found(order: Order) -> None:
    booking = LedgerEntry.objects.filter(order=order)[0].booking
    entries = LedgerEntry.objects.filter(booking=booking)
    change(entries.filter(account="provider"), currency="EUR")
    (row,) = rows_breaking("Each booking sums to zero, in one currency.")
    assert (row["booking"], row["currencies"]) == (booking, 2)


def test_two_live_charges_are_found(order: Order) -> None:
    with without_constraint("payment", Charge, "payment_one_live_charge"):
        with owned("payment"):
            Charge.objects.create(
                order=order, provider="test", reference="again", amount=1, currency="GBP"
            )
        rows = rows_breaking("An order has at most one live charge.")
        assert rows == [{"order": order.pk, "charges": 2}]


def test_more_refunded_than_captured_is_found(order: Order) -> None:
    charges = Charge.objects.filter(order=order)
    before = charges.get().refunded
    with without_constraint("payment", Charge, "payment_refunds_within_charge"):
        change(charges, refunded=F("amount") + Decimal("0.01"))
        (row,) = rows_breaking("No more is refunded than was captured.")
        assert row["order"] == order.pk
        change(charges, refunded=before)


def test_a_refund_that_its_charge_does_not_know_is_found(order: Order) -> None:
    change(Charge.objects.filter(order=order), refunded=F("refunded") - Decimal("0.01"))
    (row,) = rows_breaking("A charge's refunded amount is the sum of its order's refunds.")
    assert row["order"] == order.pk
    (row,) = rows_breaking("The ledger holds what was charged and paid back for each order.")
    assert row["order"] == order.pk


def test_a_refund_under_way_is_not_counted(order: Order) -> None:
    with owned("payment"):
        Refund.objects.create(order=order, amount=5, currency="GBP")
    assert rows_breaking("A charge's refunded amount is the sum of its order's refunds.") == []


@pytest.mark.parametrize("column", ["quantity", "vat"])
def test_a_line_refunded_by_nobody_is_found(order: Order, column: str) -> None:
    change(RefundLine.objects.filter(refund__order=order), **{column: F(column) + 1})
    (row,) = rows_breaking("An order's lines give back what its refunds take back.")
    assert row["order"] == order.pk


@pytest.mark.parametrize("column", ["net", "vat", "total"])
def test_a_total_that_is_not_its_lines_is_found(order: Order, column: str) -> None:
    change(Order.objects.filter(pk=order.pk), **{column: F(column) + Decimal("0.01")})
    (row,) = rows_breaking("An order's totals are the sums of its lines.")
    assert row["order"] == order.pk


def test_an_order_without_lines_is_found(order: Order) -> None:
    remove(RefundLine.objects.filter(line__order=order))
    remove(OrderLine.objects.filter(order=order))
    (row,) = rows_breaking("An order's totals are the sums of its lines.")
    assert row["order"] == order.pk


def test_an_ordered_cart_whose_order_is_not_paid_is_found(order: Order) -> None:
    with owned("payment"):
        Cart.objects.create(state=Cart.State.ORDERED, order=order.pk)
        unpaid = Cart.objects.create(state=Cart.State.ORDERED, order=uuid.uuid4())
        lost = Cart.objects.create(state=Cart.State.ORDERED)
        Cart.objects.create(state=Cart.State.ORDERING, order=uuid.uuid4())
    rows = rows_breaking("A cart that was ordered has a paid order.")
    assert {row["cart"] for row in rows} == {unpaid.pk, lost.pk}
