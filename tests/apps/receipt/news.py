"""What receipt's tests do again and again: an order is paid or paid back, and mails arrive."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.payment.access import token_hash
from apps.payment.contract import OrderPaid, OrderRefunded
from apps.payment.models import Order
from apps.product.contract import Money
from apps.receipt.models import Receipt
from apps.receipt.services import resend_ask
from extract.data import owned
from extract.event import background, publish
from extract.event.models import InboxEvent
from shop.mails import store
from tests.apps.invoice.documents import ADA, invoice, issue, line

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def pay(*, deliver: bool = True, **changes: Any) -> OrderPaid:
    """News of a paid order that has its invoice; delivered, unless only published."""
    order = uuid.uuid4()
    email = changes.get("email", ADA.email)
    total = Decimal("30.00")
    with owned("payment"):
        Order.objects.create(
            id=order,
            subject=changes.get("subject", ""),
            status=Order.Status.PAID,
            email=email[:254],
            name="Ada",
            currency="GBP",
            net=Decimal("25.00"),
            vat=Decimal("5.00"),
            total=total,
            placed_at=timezone.now(),
        )
    event = OrderPaid(
        **{
            "order": order,
            "subject": "",
            "email": email,
            "name": "Ada Lovelace",
            "access_hash": token_hash(order),
            "invoice": issue(order, access_hash=token_hash(order)).number,
            "total": Money(amount=total, currency="GBP"),
            "placed_at": timezone.now(),
            "silent": False,
            **changes,
        }
    )
    with owned("payment"):
        publish(event, aggregate=str(order))
    if deliver:
        background.drain()
    return event


def pay_back(paid: OrderPaid) -> OrderRefunded:
    """News that all of the order was paid back, delivered."""
    refund = uuid.uuid4()
    event = OrderRefunded(
        order=paid.order,
        refund=refund,
        subject=paid.subject,
        email=paid.email,
        name=paid.name,
        credit_note=invoice.credit(refund=refund, order=paid.order, lines=(line(),)).number,
        total=paid.total,
        silent=paid.silent,
    )
    with owned("payment"):
        publish(event, aggregate=str(paid.order))
    background.drain()
    return event


def resend(*events: OrderPaid, deliver: bool = True) -> UUID:
    """Have the receipts mailed again, and do so unless only asked; returns the batch."""
    batch = uuid.uuid4()
    receipts = Receipt.objects.filter(pk__in=[event.order for event in events])
    resend_ask(receipts=receipts, batch=batch, by="operator@example.com")
    if deliver:
        background.drain()
    return batch


def hurry() -> None:
    """The pauses between attempts are over; what is due is done."""
    with owned("receipt"):
        InboxEvent.objects.using("receipt").filter(state="waiting").update(due_at=LONG_AGO)
    background.drain()


def receipt_for(event: OrderPaid) -> Receipt:
    return Receipt.objects.get(pk=event.order)


def mails() -> list[EmailMessage]:
    """Every mail sent so far, oldest first."""
    return [store.parse(kept) for kept in reversed(store.kept())]


def the_mail() -> EmailMessage:
    """The only mail."""
    (mail,) = mails()
    return mail


def body(mail: EmailMessage, kind: str) -> str:
    """The mail's ``plain`` or ``html`` part."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())
