"""What invoice does when it hears whose an order has become."""

from __future__ import annotations

from apps.invoice.services import documents_claim
from apps.payment.contract import OrderClaimed
from extract.event import subscribe


@subscribe(OrderClaimed, app="invoice")
def record_claimed(event: OrderClaimed) -> None:
    """Whose the order's documents are now."""
    documents_claim(order=event.order, subject=event.subject)
