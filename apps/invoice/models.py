"""Numbered documents: invoices and credit notes. Once issued, a document never changes."""

from __future__ import annotations

import uuid

from django.db import models
from django.urls import reverse


class NumberSeries(models.Model):
    """The locked counter that document numbers come from: no gaps, unlike a sequence."""

    name = models.CharField(primary_key=True, max_length=20)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "number series"

    def __str__(self) -> str:
        return f"{self.name} {self.last}"


class Document(models.Model):
    """An invoice, or a credit note against one.

    ``reference`` is the order of an invoice, the refund of a credit note: one document each.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice"
        CREDIT_NOTE = "credit note"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    series = models.CharField(max_length=20)
    sequence = models.PositiveBigIntegerField()
    number = models.CharField(max_length=40, unique=True)
    reference = models.UUIDField(unique=True)
    order = models.UUIDField(db_index=True)
    invoice = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="credit_notes"
    )
    subject = models.CharField("customer's id", max_length=64, blank=True, db_index=True)
    access_hash = models.CharField(max_length=64, blank=True)

    buyer_name = models.CharField(max_length=120)
    buyer_email = models.EmailField("buyer's e-mail address", blank=True)
    buyer_line1 = models.CharField("buyer's address", max_length=120, blank=True)
    buyer_line2 = models.CharField("second line", max_length=120, blank=True)
    buyer_city = models.CharField(max_length=80, blank=True)
    buyer_postcode = models.CharField(max_length=20, blank=True)
    buyer_country = models.CharField(max_length=2, blank=True)

    currency = models.CharField(max_length=3)
    net = models.DecimalField(max_digits=18, decimal_places=2)
    vat = models.DecimalField(max_digits=18, decimal_places=2)
    total = models.DecimalField(max_digits=18, decimal_places=2)
    supplied_at = models.DateTimeField()
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["-issued_at", "-sequence"]
        constraints = [
            models.UniqueConstraint(fields=["series", "sequence"], name="invoice_one_per_number")
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("invoice:detail", args=[self.number])


class DocumentLine(models.Model):
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    sku = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=18, decimal_places=2)
    net = models.DecimalField(max_digits=18, decimal_places=2)
    vat_rate = models.DecimalField(max_digits=5, decimal_places=2)
    vat = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"


class RenderedPdf(models.Model):
    """A document's PDF, kept as it was first made."""

    document = models.OneToOneField(
        Document, primary_key=True, on_delete=models.CASCADE, related_name="rendered"
    )
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "rendered PDF"

    def __str__(self) -> str:
        return f"PDF of {self.document_id}"
