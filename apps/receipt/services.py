"""What happens to a receipt: it is recorded with its event, mailed, and mailed again on demand."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F
from django.utils import timezone

from apps.invoice.contract import InvoiceContract
from apps.payment.contract import PaymentContract
from apps.product.contract import Money
from apps.receipt.failures import why_permanent
from apps.receipt.mail import receipt_mail
from apps.receipt.models import Receipt
from extract.call import handle
from extract.data import owned
from extract.testing.kill import KillPoint

invoice = handle(InvoiceContract)
payment = handle(PaymentContract)

mailed = KillPoint("receipt.mailed")


class NotSendable(Exception):
    """A receipt that must never be mailed was to be mailed."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(
            f"The receipt of {receipt.document} is suppressed: it is of a past sale, or has no "
            f"e-mail address, and is never mailed."
        )


def receipt_record(
    *,
    kind: Receipt.Kind,
    reference: UUID,
    order: UUID,
    subject: str,
    access_hash: str,
    email: str,
    name: str,
    document: str,
    total: Money,
    silent: bool,
) -> Receipt:
    """Record that a receipt is to be mailed, or that it never is; once per ``reference``.

    Must be called inside ``owned("receipt")``, with the event's own row.
    """
    never = silent or not email
    receipt, _ = Receipt.objects.get_or_create(
        reference=reference,
        defaults={
            "kind": kind,
            "order": order,
            "subject": subject,
            "access_hash": access_hash,
            "email": email,
            "name": name,
            "document": document,
            "amount": total.amount,
            "currency": total.currency,
            "message_id": f"<{kind}.{reference}@{settings.MESSAGE_ID_DOMAIN}>",
            "status": Receipt.Status.SUPPRESSED if never else Receipt.Status.QUEUED,
        },
    )
    return receipt


def receipt_send(*, reference: UUID) -> None:
    """Mail the receipt if it still waits for that; calls contracts, so outside of transactions.

    A failure that may pass is noted and raised; one that cannot pass makes it FAILED.
    """
    receipt = Receipt.objects.get(pk=reference)
    if receipt.status == Receipt.Status.QUEUED:
        _mail(receipt)


def receipt_resend(*, reference: UUID) -> Receipt:
    """Mail the receipt whether or not it was before, under the Message-ID that it has.

    Raises ``NotSendable``, and what ``receipt_send`` raises. Look at the status for the rest.
    """
    receipt = Receipt.objects.get(pk=reference)
    if receipt.status == Receipt.Status.SUPPRESSED:
        raise NotSendable(receipt)
    _mail(receipt)
    receipt.refresh_from_db()
    return receipt


def _mail(receipt: Receipt) -> None:
    try:
        message = _written(receipt)
        # The mail server's yes or an exception: nothing in between counts as sent.
        if get_connection().send_messages([message]) != 1:
            raise ConnectionError("the mail server took no message")
    except Exception as error:
        reason = why_permanent(error)
        changes = {"status": Receipt.Status.FAILED} if reason else {}
        _note(receipt, last_error=(reason or f"{type(error).__name__}: {error}")[:1000], **changes)
        if not reason:
            raise
    else:
        mailed()
        _note(
            receipt,
            status=Receipt.Status.SENT,
            sent_at=timezone.now(),
            times_sent=F("times_sent") + 1,
            last_error="",
        )


def _written(receipt: Receipt) -> EmailMessage:
    pdf = invoice.pdf(number=receipt.document)
    # Whoever has no account opens the order by its token, which is not kept here.
    access = "" if receipt.subject else payment.access(order=receipt.order)
    return receipt_mail(receipt, pdf=pdf, access=access)


def _note(receipt: Receipt, **changes: object) -> None:
    with owned("receipt"):
        Receipt.objects.filter(pk=receipt.pk).update(**changes)
