"""What happens to a receipt: it is recorded with its event, mailed, and mailed again on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.invoice.contract import InvoiceContract
from apps.payment.contract import PaymentContract
from apps.product.contract import Money
from apps.receipt.failures import why_permanent
from apps.receipt.mail import receipt_mail
from apps.receipt.models import RESEND, Receipt, Resend
from extract.call import handle
from extract.data import owned
from extract.event.work import ask
from extract.testing.kill import KillPoint
from extract.trace import Kind, span

invoice = handle(InvoiceContract)
payment = handle(PaymentContract)

mailed = KillPoint("receipt.mailed")

AT_ONCE = 100
"""Resends that one transaction asks for."""


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


def receipts_claim(*, order: UUID, subject: str) -> None:
    """Make the order's receipts the customer's. Must be called inside ``owned("receipt")``."""
    Receipt.objects.filter(order=order).update(subject=subject)


def receipt_send(*, reference: UUID) -> None:
    """Mail the receipt if it still waits for that; calls contracts, so outside of transactions.

    A failure that may pass is noted and raised; one that cannot pass makes it FAILED.
    """
    receipt = Receipt.objects.get(pk=reference)
    if receipt.status == Receipt.Status.QUEUED:
        _mail(receipt)


def resend_ask(*, receipts: QuerySet[Receipt], batch: UUID, by: str) -> int:
    """Have the receipts mailed whether or not they were before, under the Message-IDs they have.

    Returns how many are newly asked for: what ``batch`` holds already is not asked for again.
    ``by`` is who asks. Raises ``NotSendable`` before any is asked for.
    """
    never = receipts.filter(status=Receipt.Status.SUPPRESSED).first()
    if never is not None:
        raise NotSendable(never)
    keys = list(receipts.order_by("pk").values_list("pk", flat=True))
    return sum(
        _ask_for(keys[start : start + AT_ONCE], batch, by) for start in range(0, len(keys), AT_ONCE)
    )


def _ask_for(receipts: Sequence[UUID], batch: UUID, by: str) -> int:
    rows = [Resend(batch=batch, receipt_id=receipt, asked_by=by) for receipt in receipts]
    with owned("receipt"):
        # Of a double click one is first, row by row; the other's rows are not there afterwards.
        Resend.objects.bulk_create(rows, ignore_conflicts=True)
        made = Resend.objects.filter(pk__in=[row.pk for row in rows])
        keys = list(made.values_list("pk", flat=True))
        for key in keys:
            ask("receipt", RESEND, str(key))
    return len(keys)


def resend_mail(*, resend: UUID) -> None:
    """Mail the receipt as was asked for, unless that is done; raises what ``receipt_send`` does."""
    row = Resend.objects.select_related("receipt").get(pk=resend)
    if row.status == Resend.Status.ASKED:
        _mail(row.receipt, row)


def _mail(receipt: Receipt, resend: Resend | None = None) -> None:
    try:
        message = _written(receipt)
        # The mail server's yes or an exception: nothing in between counts as sent.
        with span("mail", Kind.CLIENT, app="receipt", about=str(receipt.order)):
            if get_connection().send_messages([message]) != 1:
                raise ConnectionError("the mail server took no message")
    except Exception as error:
        if reason := why_permanent(error):
            _note(receipt, resend, error=reason, status=Receipt.Status.FAILED)
        else:
            _note(receipt, resend, error=f"{type(error).__name__}: {error}")
            raise
    else:
        mailed()
        _note(
            receipt,
            resend,
            status=Receipt.Status.SENT,
            sent_at=timezone.now(),
            times_sent=F("times_sent") + 1,
        )


def _written(receipt: Receipt) -> EmailMessage:
    pdf = invoice.pdf(number=receipt.document)
    # Whoever has no account opens the order by its token, which is not kept here.
    access = "" if receipt.subject else payment.access(order=receipt.order)
    contents = invoice.contents(number=receipt.document)
    return receipt_mail(receipt, contents=contents, pdf=pdf, access=access)


def _note(receipt: Receipt, resend: Resend | None, *, error: str = "", **changes: Any) -> None:
    error = error[:1000]
    with owned("receipt"):
        Receipt.objects.filter(pk=receipt.pk).update(last_error=error, **changes)
        if resend is not None:
            is_done = "status" in changes  # SENT and FAILED are called the same in both tables.
            end = {"status": changes["status"], "done_at": timezone.now()} if is_done else {}
            asked = Resend.objects.filter(pk=resend.pk, status=Resend.Status.ASKED)
            asked.update(error=error, **end)
