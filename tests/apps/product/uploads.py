"""Pictures to upload, and the form that takes them."""

from __future__ import annotations

import io
from typing import Any

from django.test import Client
from PIL import ExifTags, Image

from apps.product.models import Product
from tests.apps.product.shelf import staff

RED, BLUE = (255, 0, 0), (0, 0, 255)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def plain(mode: str = "RGB", colour: Any = RED, size: tuple[int, int] = (64, 64)) -> Image.Image:
    return Image.new(mode, size, colour)


def camera(size: tuple[int, int] = (2000, 1000)) -> bytes:
    """Red beside blue, to be turned by a quarter so that red is above; with its place."""
    image = plain(size=size)
    image.paste(BLUE, (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 8
    exif[ExifTags.Base.Make] = "Camera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 0.0)
    return saved(image, "JPEG", exif=exif, xmp=b"<x:xmpmeta>secret</x:xmpmeta>", comment=b"secret")


def upload(content: bytes, client: Client | None = None, name: str = "cup.jpg") -> list[str]:
    """Give the only product a picture in the back office; what the form has against it."""
    product = Product.objects.get()
    form = {
        "name": product.name, "slug": product.slug, "category": product.category_id,
        "price": product.price, "tax_class": product.tax_class, "is_active": "on",
        "seen_version": product.version,
    }  # fmt: skip
    file = io.BytesIO(content)
    file.name = name
    url = f"/admin/product/product/{product.pk}/change/"
    answer = (client or staff()).post(url, form | {"image": file})
    if answer.status_code == 302:
        return []
    return list(answer.context["adminform"].form.errors["image"])
