"""Receipt mails, what became of them, and who wanted them sent again."""

from __future__ import annotations

import uuid

from django.db import models

RESEND = "resend"
"""The work of mailing a receipt again; its key is the id of a ``Resend``."""


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
    subject = models.CharField("customer's id", max_length=64, blank=True, db_index=True)
    access_hash = models.CharField(max_length=64, blank=True)
    email = models.EmailField("e-mail address", blank=True)
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


class Resend(models.Model):
    """A receipt to be mailed again. Those that were asked for at once are one ``batch``.

    ``error`` is why it failed; or, while it is ASKED, why the last attempt did.
    """

    class Status(models.TextChoices):
        ASKED = "asked"
        SENT = "sent"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.UUIDField()
    receipt = models.ForeignKey(Receipt, on_delete=models.CASCADE, related_name="resends")
    asked_by = models.CharField(max_length=254)
    asked_at = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ASKED)
    error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "receipt"], name="receipt_resend_once")
        ]

    def __str__(self) -> str:
        return f"{self.receipt}, {self.status}"
