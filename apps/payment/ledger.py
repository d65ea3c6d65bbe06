"""Double-entry bookings: debits positive, each booking sums to zero."""

from __future__ import annotations

import uuid
from decimal import Decimal

from apps.payment.models import LedgerEntry, Order

Account = LedgerEntry.Account


def book_charge(*, order: Order, reference: str) -> None:
    """The provider owes us the order's total: sales and VAT."""
    _book(order, reference, net=order.net, vat=order.vat)


def book_refund(*, order: Order, reference: str, net: Decimal, vat: Decimal) -> None:
    """The other way round, for what is paid back."""
    _book(order, reference, net=-net, vat=-vat)


def _book(order: Order, reference: str, *, net: Decimal, vat: Decimal) -> None:
    booking = uuid.uuid5(order.pk, reference)
    amounts = {Account.PROVIDER: net + vat, Account.SALES: -net, Account.VAT: -vat}
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            booking=booking,
            order=order,
            account=account,
            amount=amount,
            currency=order.currency,
            reference=reference,
        )
        for account, amount in amounts.items()
    )
