"""The catalogue: categories, products with their stock, and what checkouts have reserved."""

from __future__ import annotations

import uuid

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse


class Category(models.Model):
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """Something on sale. ``price`` is net, in the shop's currency.

    Stock: ``initial + restocked = on_hand + reserved + sold`` holds at all times.
    ``version`` counts edits of what can be edited; stock does not change it.
    ``import_version`` is the version that the last import left, null if none did: where the
    two differ, a person has edited the product since, and imports leave it alone.
    """

    class TaxClass(models.TextChoices):
        STANDARD = "standard"
        REDUCED = "reduced"
        ZERO = "zero"

    sku = models.CharField(
        max_length=40, unique=True, validators=[RegexValidator(r"^[A-Za-z0-9._-]+$")]
    )
    slug = models.SlugField(max_length=140, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    price = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])
    tax_class = models.CharField(max_length=10, choices=TaxClass, default=TaxClass.STANDARD)
    image = models.ImageField(upload_to="product/", blank=True)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    import_version = models.PositiveIntegerField(null=True, editable=False)

    initial = models.PositiveIntegerField(default=0)
    restocked = models.PositiveIntegerField(default=0, editable=False)
    on_hand = models.PositiveIntegerField(default=0, editable=False)
    reserved = models.PositiveIntegerField(default=0, editable=False)
    sold = models.PositiveIntegerField(default=0, editable=False)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["is_active", "category", "price"]),
            models.Index(fields=["is_active", "name", "id"]),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("product:detail", args=[self.slug])

    @property
    def available(self) -> int:
        """The pieces that can be bought now."""
        return self.on_hand


class Reservation(models.Model):
    """What one checkout has set aside. A released one stays, so that it cannot come back."""

    class State(models.TextChoices):
        HELD = "held"
        SOLD = "sold"
        RELEASED = "released"

    checkout = models.UUIDField(primary_key=True)
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["state", "created_at"])]

    def __str__(self) -> str:
        return f"{self.checkout} {self.state}"


class ReservedItem(models.Model):
    reservation = models.ForeignKey(Reservation, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reservation", "product"], name="product_reserved_once")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"


class StockReceipt(models.Model):
    """Pieces booked in, once per reference: a delivery, a return."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    reference = models.UUIDField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference", "product"], name="product_booked_once")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"
