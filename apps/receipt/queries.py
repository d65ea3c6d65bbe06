"""Reading receipts, and how far their resending has come."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from apps.receipt.models import RESEND, Receipt, Resend
from extract.event.work import given_up

LATE = timedelta(minutes=10)
"""A mail that has not gone by then is for somebody to look at."""
RECENT = timedelta(days=14)


def failed_lately() -> Q:
    """Of receipts: those of ``RECENT`` whose mail failed for good."""
    return Q(status=Receipt.Status.FAILED, created_at__gte=timezone.now() - RECENT)


def queued_too_long() -> Q:
    """Of receipts: still to be mailed after ``LATE``."""
    return Q(status=Receipt.Status.QUEUED, created_at__lt=timezone.now() - LATE)


def receipt_of(order: UUID) -> Receipt | None:
    """The receipt of the order's payment, once receipt has heard of it."""
    return Receipt.objects.filter(pk=order, kind=Receipt.Kind.PAYMENT).first()


@dataclass(frozen=True, kw_only=True)
class Resending:
    """How many receipts of a batch are where. ``untried`` ones nobody has taken up, ``retrying``
    ones failed in a way that may pass, ``given_up`` ones failed so for too long."""

    untried: int
    retrying: int
    sent: int
    failed: int
    given_up: int

    @property
    def waiting(self) -> int:
        return self.untried + self.retrying

    @property
    def done(self) -> int:
        return self.sent + self.failed + self.given_up

    @property
    def total(self) -> int:
        return self.waiting + self.done

    @property
    def is_finished(self) -> bool:
        return not self.waiting

    def __str__(self) -> str:
        parts = [f"{self.done} of {self.total} done: {self.sent} sent", f"{self.failed} failed"]
        parts += [f"{self.given_up} given up"] if self.given_up else []
        parts += [f"{self.retrying} to be tried again"] if self.retrying else []
        return ", ".join(parts)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A receipt that was not sent, or not yet: ``fate`` is what comes of it, ``reason`` why."""

    receipt: Receipt
    fate: str
    reason: str


def resending(batch: UUID) -> Resending | None:
    """How far the batch has come; None if nothing was asked for under that id."""
    rows = Resend.objects.filter(batch=batch)
    asked = Q(status=Resend.Status.ASKED)
    counts = rows.aggregate(
        untried=Count("pk", filter=asked & Q(error="")),
        retrying=Count("pk", filter=asked & ~Q(error="")),
        sent=Count("pk", filter=Q(status=Resend.Status.SENT)),
        failed=Count("pk", filter=Q(status=Resend.Status.FAILED)),
    )
    if not any(counts.values()):
        return None
    counts["given_up"] = 0
    if dead := _given_up() if counts["untried"] or counts["retrying"] else ():
        for resend, error in rows.filter(asked).values_list("pk", "error"):
            if resend in dead:
                counts["retrying" if error else "untried"] -= 1
                counts["given_up"] += 1
    return Resending(**counts)


def troubles(batch: UUID, *, limit: int) -> list[Trouble]:
    """Up to ``limit`` receipts of the batch that were not sent, those that failed first."""
    wrong = Q(status=Resend.Status.FAILED) | (Q(status=Resend.Status.ASKED) & ~Q(error=""))
    rows = Resend.objects.filter(wrong, batch=batch).select_related("receipt")
    dead = _given_up()
    return [
        Trouble(receipt=row.receipt, fate=_fate(row, dead), reason=row.error)
        for row in rows.order_by("-status", "receipt__document")[:limit]
    ]


def _fate(resend: Resend, dead: Collection[UUID]) -> str:
    if resend.status == Resend.Status.FAILED:
        return "failed"
    return "given up" if resend.pk in dead else "to be tried again"


def _given_up() -> frozenset[UUID]:
    return frozenset(UUID(key) for key in given_up("receipt", RESEND))
