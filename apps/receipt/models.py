"""Receipt mails and what became of them."""

from __future__ import annotations

from django.db import models


class Receipt(models.Model):
    """The mail about one order's payment (or one refund): one row, one Message-ID.

    ``reference`` is the order of a payment's receipt, the refund of a refund's. A row is
    made with its intent, in the transaction that records the event.
    """

    class Kind(models.TextChoices):
        PAYMENT = "payment"
        REFUND = "refund"

    class Status(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        FAILED = "failed"
        SUPPRESSED = "suppressed"

    reference = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind)
    order = models.UUIDField(db_index=True)
    subject = models.CharField(max_length=64, blank=True, db_index=True)
    access_hash = models.CharField(max_length=64, blank=True)
    email = models.EmailField(blank=True)
    name = models.CharField(max_length=120, blank=True)
    document = models.CharField(max_length=40)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    message_id = models.CharField(max_length=120, unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    times_sent = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "created_at"])]

    def __str__(self) -> str:
        return f"{self.document} to {self.email}"
