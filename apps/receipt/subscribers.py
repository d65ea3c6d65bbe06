"""What receipt does when it hears that an order was paid or paid back, or asks itself to resend."""

from __future__ import annotations

from uuid import UUID

from apps.payment.contract import OrderClaimed, OrderPaid, OrderRefunded
from apps.receipt.models import RESEND, Receipt
from apps.receipt.services import receipt_record, receipt_send, receipts_claim, resend_mail
from extract.event import subscribe
from extract.event.work import work


@subscribe(OrderPaid, app="receipt")
def record_paid(event: OrderPaid) -> None:
    """The receipt of the order."""
    receipt_record(
        kind=Receipt.Kind.PAYMENT,
        reference=event.order,
        order=event.order,
        subject=event.subject,
        access_hash=event.access_hash,
        email=event.email,
        name=event.name,
        document=event.invoice,
        total=event.total,
        silent=event.silent,
    )


@record_paid.then
def send_paid(event: OrderPaid) -> None:
    """Mail it."""
    receipt_send(reference=event.order)


@subscribe(OrderRefunded, app="receipt")
def record_refunded(event: OrderRefunded) -> None:
    """The receipt of the refund; whoever opens the order's opens this one."""
    paid = Receipt.objects.filter(pk=event.order).values_list("access_hash", flat=True).first()
    receipt_record(
        kind=Receipt.Kind.REFUND,
        reference=event.refund,
        order=event.order,
        subject=event.subject,
        access_hash=paid or "",
        email=event.email,
        name=event.name,
        document=event.credit_note,
        total=event.total,
        silent=event.silent,
    )


@record_refunded.then
def send_refunded(event: OrderRefunded) -> None:
    """Mail it."""
    receipt_send(reference=event.refund)


@subscribe(OrderClaimed, app="receipt")
def record_claimed(event: OrderClaimed) -> None:
    """Whose the order's receipts are now."""
    receipts_claim(order=event.order, subject=event.subject)


@work("receipt", RESEND)
def resend(key: str) -> None:
    """Mail a receipt again; ``key`` is the id of its ``Resend``."""
    resend_mail(resend=UUID(key))
