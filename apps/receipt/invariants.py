"""What must always hold of receipts."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Q

from apps.receipt.models import Receipt, Resend
from extract.audit import Row, invariant


@invariant("Message-IDs are unique.", app="receipt")
def message_ids_unique() -> Iterator[Row]:
    """Message-IDs that several receipts have."""
    by_id = Receipt.objects.order_by().values("message_id").annotate(receipts=Count("pk"))
    yield from by_id.filter(Q(receipts__gt=1) | Q(message_id="")).iterator()


@invariant("A sent receipt says when it was sent, a suppressed one never was.", app="receipt")
def sent_receipts_have_a_time() -> Iterator[Row]:
    """Receipts whose status and sending do not agree."""
    unsent = Q(sent_at=None) | Q(times_sent=0)
    wrong = (Q(status=Receipt.Status.SENT) & unsent) | (
        Q(status=Receipt.Status.SUPPRESSED) & ~(Q(sent_at=None) & Q(times_sent=0))
    )
    unknown = ~Q(status__in=Receipt.Status.values)
    for receipt in Receipt.objects.filter(wrong | unknown).iterator():
        yield {
            "receipt": receipt.pk,
            "status": receipt.status,
            "sent_at": receipt.sent_at,
            "times_sent": receipt.times_sent,
        }


@invariant("A resend that was sent or failed says when, and no other does.", app="receipt")
def done_resends_have_a_time() -> Iterator[Row]:
    """Resends whose status and end do not agree."""
    done = Q(status__in=(Resend.Status.SENT, Resend.Status.FAILED))
    wrong = (done & Q(done_at=None)) | (Q(status=Resend.Status.ASKED) & ~Q(done_at=None))
    unknown = ~Q(status__in=Resend.Status.values)
    for resend in Resend.objects.filter(wrong | unknown).iterator():
        yield {
            "resend": resend.pk,
            "receipt": resend.receipt_id,
            "status": resend.status,
            "done_at": resend.done_at,
        }
