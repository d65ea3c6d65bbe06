"""The squares of products' pictures: made once for each picture, away from whoever uploads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F

from apps.product.models import Product, picture_name
from apps.product.pictures import PictureRefused, is_master, master_of, squares_of
from extract.data import alias_of, owned
from extract.event.work import ask

SIZE = "make_sizes"


def picture_replaced(product: Product, *, before: Iterable[str] = ()) -> None:
    """Have the sizes of its picture made, and the files ``before`` removed, once this is
    committed. Inside ``owned("product")``."""
    if product.image:
        ask("product", SIZE, str(product.pk))
    _forget_on_commit(before)


def sizes_make(pk: int, *, again: bool = False) -> bool:
    """Make the sizes of the product's picture, unless they are made; returns whether it did.

    A picture that is no master, as those of earlier releases, is replaced by one first. Outside
    any transaction. Raises ``PictureRefused``, and ``OSError`` where the file cannot be read.
    """
    product = Product.objects.filter(pk=pk).exclude(image="").first()
    if product is None or (product.has_sizes and not again):
        return False
    before = product.files()
    found = str(product.image)
    name, master = _master(found)
    product.image, product.sized_image, product.image_widths = name, name, []
    for width, content in squares_of(master):
        product.image_widths.insert(0, width)
        _store(product.square(width), content)
    changes = {field: getattr(product, field) for field in ("sized_image", "image_widths")}
    with owned("product"):
        # No edit, so its version stays: nobody who edits the product is in the way.
        rows = Product.objects.filter(pk=pk, image=found)
        if is_done := bool(rows.update(image=name, **changes)):
            _forget_on_commit(set(before) - set(product.files()))
    if not is_done:
        _forget(product.files())
    return is_done


def sizes_make_missing() -> Iterator[tuple[str, str]]:
    """Make whatever sizes are missing. Tells each product's SKU, and what is wrong or ""."""
    missing = Product.objects.exclude(image="").exclude(sized_image=F("image")).order_by("id")
    for pk, sku in list(missing.values_list("id", "sku")):
        try:
            sizes_make(pk)
        except (PictureRefused, OSError) as error:
            yield sku, str(error)
        else:
            yield sku, ""


def _master(name: str) -> tuple[str, bytes]:
    """The master's name and content: those of the file of that name, if it is one."""
    with default_storage.open(name) as file:
        if is_master(file):
            return name, file.read()
        content = master_of(file)
    return default_storage.save(picture_name(), ContentFile(content)), content


def _store(name: str, content: bytes) -> None:
    # Whatever is there may be half of it, left by a process that was killed.
    default_storage.delete(name)
    kept = default_storage.save(name, ContentFile(content))
    if kept != name:
        # Somebody else has stored the same in between.
        default_storage.delete(kept)


def _forget_on_commit(names: Iterable[str]) -> None:
    if gone := list(names):
        transaction.on_commit(partial(_forget, gone), using=alias_of("product"), robust=True)


def _forget(names: Iterable[str]) -> None:
    """Remove files that no product has any more."""
    gone = set(names)
    for product in Product.objects.filter(image__in=gone).only(*Product.PICTURE_FIELDS):
        gone.difference_update(product.files())
    for name in gone:
        default_storage.delete(name)
