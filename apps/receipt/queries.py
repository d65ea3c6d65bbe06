"""Reading receipts."""

from __future__ import annotations

from uuid import UUID

from apps.receipt.models import Receipt


def receipt_of(order: UUID) -> Receipt | None:
    """The receipt of the order's payment, once receipt has heard of it."""
    return Receipt.objects.filter(pk=order, kind=Receipt.Kind.PAYMENT).first()
