"""Carts, orders, what was charged and refunded for them, and the ledger that proves it."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse

from extract.text import short_id

MAX_QUANTITY = 9999


class Cart(models.Model):
    """``version`` counts changes, so that a checkout knows what it priced.

    ``order`` is the order that took the cart, or is trying to.
    """

    class State(models.TextChoices):
        OPEN = "open"
        ORDERING = "ordering"
        ORDERED = "ordered"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    subject = models.CharField("customer's id", max_length=64, blank=True, db_index=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    version = models.PositiveIntegerField(default=0)
    order = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["updated_at"], name="payment_open_carts", condition=Q(state="open")
            )
        ]

    def __str__(self) -> str:
        return f"cart {self.id}"


class CartItem(models.Model):
    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="items")
    sku = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(MAX_QUANTITY)]
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["cart", "sku"], name="payment_sku_once")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"


class VatRate(models.Model):
    """The VAT of one tax class in a country or territory within it, in percent. No row: no VAT."""

    country = models.CharField("Country or territory", max_length=6)
    tax_class = models.CharField(max_length=10)
    percent = models.DecimalField(
        max_digits=5, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )

    class Meta:
        verbose_name = "VAT rate"
        ordering = ["country", "tax_class"]
        constraints = [
            models.UniqueConstraint(fields=["country", "tax_class"], name="payment_one_vat_rate")
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.tax_class} {self.percent} %"


class Order(models.Model):
    """``net``, ``vat`` and ``total`` include shipping, which is a line of its own."""

    class Status(models.TextChoices):
        PENDING = "pending"
        PAID = "paid"
        PARTLY_REFUNDED = "partly refunded"
        REFUNDED = "refunded"
        CANCELLED = "cancelled"

    PAID_STATES = (Status.PAID, Status.PARTLY_REFUNDED, Status.REFUNDED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    subject = models.CharField("customer's id", max_length=64, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    email = models.EmailField("e-mail address", blank=True)
    name = models.CharField(max_length=120)
    line1 = models.CharField("address", max_length=120, blank=True)
    line2 = models.CharField("address, second line", max_length=120, blank=True)
    city = models.CharField(max_length=80, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)
    currency = models.CharField(max_length=3)
    net = models.DecimalField(max_digits=18, decimal_places=2)
    vat = models.DecimalField(max_digits=18, decimal_places=2)
    total = models.DecimalField(max_digits=18, decimal_places=2)
    invoice_number = models.CharField(max_length=40, blank=True)
    silent = models.BooleanField("past sale, without mails", default=False)
    placed_at = models.DateTimeField()

    class Meta:
        ordering = ["-placed_at", "-id"]
        indexes = [
            models.Index(fields=["subject", "-placed_at"]),
            models.Index(fields=["status", "-placed_at"]),
            models.Index(
                Lower("email"),
                condition=Q(subject="") & ~Q(email=""),
                name="payment_guests_by_address",
            ),
            models.Index(
                fields=["status", "placed_at"],
                condition=Q(invoice_number=""),
                name="payment_invoice_to_come",
            ),
        ]

    def __str__(self) -> str:
        return f"order {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("payment:order", args=[self.id])

    @property
    def number(self) -> str:
        """What people call the order."""
        return short_id(self.id)


class OrderLine(models.Model):
    """``sku`` is ``SHIPPING`` on the shipping line."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    sku = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=18, decimal_places=2)
    net = models.DecimalField(max_digits=18, decimal_places=2)
    vat_rate = models.DecimalField(max_digits=5, decimal_places=2)
    vat = models.DecimalField(max_digits=18, decimal_places=2)
    refunded_quantity = models.PositiveIntegerField(default=0)
    refunded_vat = models.DecimalField(max_digits=18, decimal_places=2, default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(refunded_quantity__lte=models.F("quantity")),
                name="payment_not_refunded_twice",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"


class Charge(models.Model):
    """Money taken for an order, as the provider confirmed it. One live charge per order."""

    class State(models.TextChoices):
        CAPTURED = "captured"
        REFUNDED = "refunded"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="charges")
    provider = models.CharField(max_length=20)
    reference = models.CharField(max_length=80)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    refunded = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.CAPTURED)
    captured_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reference"], name="payment_one_charge_per_answer"
            ),
            models.UniqueConstraint(
                fields=["order"], condition=Q(state="captured"), name="payment_one_live_charge"
            ),
            models.CheckConstraint(
                condition=Q(refunded__lte=models.F("amount")), name="payment_refunds_within_charge"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.reference}"


class Refund(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    credit_note = models.CharField(max_length=40, blank=True)
    requested_by = models.CharField("asked for by", max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        indexes = [models.Index(fields=["status", "created_at"])]

    def __str__(self) -> str:
        return f"refund {self.id}"


class RefundLine(models.Model):
    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="refund_lines")
    quantity = models.PositiveIntegerField()
    net = models.DecimalField(max_digits=18, decimal_places=2)
    vat = models.DecimalField(max_digits=18, decimal_places=2)

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"


class LedgerEntry(models.Model):
    """One side of a booking; the entries of a ``booking`` sum to zero.

    Debits are positive. ``reference`` is the charge or refund that the booking is about.
    """

    class Account(models.TextChoices):
        PROVIDER = "provider"
        SALES = "sales"
        VAT = "vat"

    booking = models.UUIDField(db_index=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    account = models.CharField(max_length=10, choices=Account)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(fields=["booking", "account"], name="payment_booked_once")
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount} {self.currency}"


class SandboxCharge(models.Model):
    """The built-in test provider's own books: a stand-in for a system outside the shop."""

    key = models.CharField(primary_key=True, max_length=80)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    refunded = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    voided = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key


class SandboxRefund(models.Model):
    """A refund in the test provider's own books."""

    key = models.CharField(primary_key=True, max_length=80)
    charge = models.ForeignKey(SandboxCharge, on_delete=models.PROTECT, related_name="refunds")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key


class ReplayedLine(models.Model):
    """What became of one line of a replayed file; known by file name and line number.

    ``digest`` is of what the line said; "" in rows of earlier releases.
    """

    class Outcome(models.TextChoices):
        TAKEN = "taken"
        REFUSED = "refused"

    file = models.CharField(max_length=255)
    line = models.PositiveIntegerField()
    invoice_no = models.CharField(max_length=40)
    stock_code = models.CharField(max_length=40)
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=40, blank=True)
    order = models.UUIDField(null=True, blank=True)
    net = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    digest = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="payment_line_replayed_once")
        ]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.outcome}"


class Leaving(models.Model):
    """A customer who is erased; ``mark`` is a digest of the subject, which is not kept."""

    mark = models.CharField(primary_key=True, max_length=64)
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.mark[:8]
