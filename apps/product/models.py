"""The catalogue: categories, products with their stock, and what checkouts have reserved."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from typing import Any

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse

from apps.product.words import sort_key, stem, words_of
from extract.text.model_fields import LineField, ParagraphsField


class Category(models.Model):
    name = LineField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    position = models.PositiveSmallIntegerField(default=0)
    sort_key = models.BinaryField(default=b"")

    class Meta:
        ordering = ["position", "sort_key"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **_with_sort_key(kwargs))


PICTURES = "product"
"""Where in the media the pictures are."""


def picture_name(*_: object) -> str:
    """A new picture's name: nobody can guess it, and none is given twice."""
    return f"{PICTURES}/{secrets.token_hex(16)}.webp"


class Product(models.Model):
    """Something on sale. ``price`` is net, in the shop's currency.

    Stock: ``initial + restocked = on_hand + reserved + sold`` holds at all times.
    ``version`` counts edits of what can be edited; stock does not change it.
    ``import_version`` is the version that the last import left, null if none did: where the
    two differ, a person has edited the product since, and imports leave it alone.
    ``image`` is whole; of ``sized_image`` there are squares, ``image_widths`` pixels wide, the
    smallest first. Where the two names differ, those of ``image`` are still to be made.
    ``save`` keeps ``sort_key`` and the ``words``; who writes in bulk keeps them too.
    """

    class TaxClass(models.TextChoices):
        STANDARD = "standard"
        REDUCED = "reduced"
        ZERO = "zero"

    sku = LineField(max_length=40, unique=True, validators=[RegexValidator(r"^[A-Za-z0-9._-]+$")])
    slug = models.SlugField(max_length=140, unique=True)
    name = LineField(max_length=120)
    description = ParagraphsField(blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    price = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])
    tax_class = models.CharField(max_length=10, choices=TaxClass, default=TaxClass.STANDARD)
    image = models.ImageField(upload_to=picture_name, blank=True)
    sized_image = models.CharField(max_length=100, blank=True, default="", editable=False)
    image_widths = models.JSONField(default=list, editable=False)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    import_version = models.PositiveIntegerField(null=True, editable=False)
    sort_key = models.BinaryField(default=b"")

    initial = models.PositiveIntegerField(default=0)
    restocked = models.PositiveIntegerField(default=0, editable=False)
    on_hand = models.PositiveIntegerField(default=0, editable=False)
    reserved = models.PositiveIntegerField(default=0, editable=False)
    sold = models.PositiveIntegerField(default=0, editable=False)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    PICTURE_FIELDS = ("image", "sized_image", "image_widths")

    class Meta:
        ordering = ["sort_key", "id"]
        indexes = [
            models.Index(fields=["is_active", "category", "price"]),
            models.Index(fields=["is_active", "sort_key", "id"]),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **_with_sort_key(kwargs))
        Word.objects.rewrite(Product.objects.filter(pk=self.pk))

    def get_absolute_url(self) -> str:
        return reverse("product:detail", args=[self.slug])

    @property
    def available(self) -> int:
        """The pieces that can be bought now."""
        return self.on_hand

    @property
    def has_sizes(self) -> bool:
        return bool(self.image) and self.sized_image == self.image.name

    @property
    def srcset(self) -> str:
        """The picture's squares as HTML's ``srcset`` has them, or "" until they are made."""
        if not self.has_sizes:
            return ""
        url = self.image.storage.url
        return ", ".join(f"{url(self.square(width))} {width}w" for width in self.image_widths)

    def picture(self, width: int) -> str:
        """The URL path of the smallest square that is ``width`` wide, or else the largest; that of
        the whole picture until they are made, "" where there is none."""
        if not self.image:
            return ""
        if not self.has_sizes:
            return str(self.image.url)
        wide = [each for each in self.image_widths if each >= width] or self.image_widths[-1:]
        return str(self.image.storage.url(self.square(wide[0])))

    @property
    def card_picture(self) -> str:
        return self.picture(480)

    def square(self, width: int) -> str:
        """The name of a square's file."""
        return f"{self.sized_image.removesuffix('.webp')}-{width}.webp"

    def files(self) -> list[str]:
        """The names of all that is kept of its picture."""
        names = [str(self.image)] if self.image else []
        return names + [self.square(width) for width in self.image_widths]


class Words(models.Manager["Word"]):
    def rewrite(self, products: models.QuerySet[Product]) -> None:
        """Give ``products`` the words of what they are called now, and no others."""
        locked = products.select_for_update(no_key=True).order_by("id")
        named = list(locked.only("name", "sku", "description"))
        self.filter(product__in=named).delete()
        self.bulk_create(row for product in named for row in Word.rows_of(product))


class Word(models.Model):
    """A word by which a product is found, folded, and its stem; both UTF-8.

    Bytes, because databases agree on how those compare: an index finds words by their beginning.
    """

    class Place(models.IntegerChoices):
        """Where it stands, the most telling place first. Category names are not kept here."""

        NAME = 0
        SKU = 1
        DESCRIPTION = 3

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="words", db_index=False
    )
    place = models.PositiveSmallIntegerField(choices=Place)
    word = models.BinaryField()
    stem = models.BinaryField()

    objects = Words()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "place", "word"], name="product_word_once")
        ]
        indexes = [
            models.Index(fields=["word", "stem", "product"]),
            models.Index(fields=["stem", "product"]),
        ]

    def __str__(self) -> str:
        return bytes(self.word).decode()

    @classmethod
    def rows_of(cls, product: Product) -> Iterator[Word]:
        """The rows that the product is to have."""
        texts = {
            cls.Place.NAME: product.name,
            cls.Place.SKU: product.sku,
            cls.Place.DESCRIPTION: product.description,
        }
        for place, text in texts.items():
            for word in words_of(text):
                as_bytes = {"word": word.encode(), "stem": stem(word).encode()}
                yield cls(product_id=product.pk, place=place, **as_bytes)


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


def _with_sort_key(options: dict[str, Any]) -> dict[str, Any]:
    """The options of ``save``; where they name fields, the key is named too."""
    named = options.get("update_fields")
    return options if named is None else {**options, "update_fields": {*named, "sort_key"}}
