"""Products' pictures: what is taken, what is kept of it, and what a visitor is sent."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client
from PIL import Image, ImageCms

from apps.product.models import Product
from extract.data import owned
from extract.event.background import drain
from extract.event.beat import beat
from tests.apps.product.shelf import shelve, staff
from tests.apps.product.uploads import BLUE, RED, camera, plain, saved, upload

pytestmark = pytest.mark.usefixtures("database")

GREY = (128, 128, 128)
NO_PICTURE = "This is not a JPEG, PNG, WebP or GIF picture"
TOO_MANY = "This picture has more than 50 million pixels: make it smaller"
DAMAGED = "This picture is damaged or cut short"


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def red_called_blue() -> bytes:
    """A picture whose profile has red and blue the other way round."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for old, new in ((b"rXYZ", b"-XYZ"), (b"bXYZ", b"rXYZ"), (b"-XYZ", b"bXYZ")):
        profile = profile.replace(old, new, 1)
    return saved(plain(), "PNG", icc_profile=profile)


def palette() -> bytes:
    image = plain("P", 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(0, (0, 0, 8, 8))
    return saved(image, "PNG", transparency=0)


def header_alone(side: int) -> bytes:
    """The first bytes of a PNG of so many pixels; whoever decodes it finds it damaged."""
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 99) + b"IDAT"


def fetched(url: str) -> Image.Image:
    """What a visitor gets at ``url``: free of metadata, and to be kept for a year."""
    answer = Client().get(url)
    assert answer.status_code == 200, url
    assert answer["Content-Type"] == "image/webp"
    assert "max-age=31536000" in answer["Cache-Control"]
    assert "immutable" in answer["Cache-Control"]
    content = b"".join(answer.streaming_content)
    image = Image.open(io.BytesIO(content))
    image.load()
    assert not {"exif", "icc_profile", "xmp"}.intersection(image.info), url
    assert b"secret" not in content
    return image


def pictures_of(page: str) -> list[tuple[str, dict[int, str]]]:
    """Each picture of a page: its ``src``, and the URLs of its ``srcset`` by width."""
    html = Client().get(page).content.decode()
    found = []
    for tag in re.findall(r"<img [^>]*>", html):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        assert {"alt", "width", "height"} <= attributes.keys()
        assert ("srcset" in attributes) == ("sizes" in attributes)
        sizes = [each.split() for each in attributes.get("srcset", "").split(", ") if each]
        found.append((attributes["src"], {int(width[:-1]): url for url, width in sizes}))
    return found


def kept(media: Path) -> set[str]:
    return {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}


def is_like(pixel: Any, colour: tuple[int, ...]) -> bool:
    return all(abs(one - other) < 24 for one, other in zip(pixel, colour, strict=False))


TAKEN: dict[str, tuple[Callable[[], bytes], tuple[int, int, int]]] = {
    "JPEG": (lambda: saved(plain(), "JPEG"), RED),
    "CMYK JPEG": (lambda: saved(plain("CMYK", (0, 255, 255, 0)), "JPEG"), RED),
    "grey JPEG": (lambda: saved(plain("L", 128), "JPEG"), GREY),
    "PNG of 16 bits": (lambda: saved(plain("I;16", 32768), "PNG"), GREY),
    "PNG of one bit": (lambda: saved(plain("1", 1), "PNG"), (255, 255, 255)),
    "PNG with alpha": (lambda: saved(plain("RGBA", (*RED, 255)), "PNG"), RED),
    "grey PNG with alpha": (lambda: saved(plain("LA", (128, 255)), "PNG"), GREY),
    "palette with a transparent colour": (palette, BLUE),
    "a profile of its own": (red_called_blue, BLUE),
    "a profile that is none": (lambda: saved(plain(), "PNG", icc_profile=b"nonsense"), RED),
    "WebP": (lambda: saved(plain(), "WEBP", lossless=True), RED),
    "moving GIF": (
        lambda: saved(plain(), "GIF", save_all=True, append_images=[plain(colour=BLUE)]),
        RED,
    ),
    "moving WebP": (
        lambda: saved(plain(), "WEBP", save_all=True, append_images=[plain(colour=BLUE)]),
        RED,
    ),
    "EXIF that is none": (lambda: saved(plain(), "JPEG", exif=b"Exif\0\0nonsense"), RED),
}
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": (lambda: b"Dear sir, no picture.", NO_PICTURE),
    "HTML": (lambda: b"<script>alert(1)</script>", NO_PICTURE),
    "SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', NO_PICTURE),
    "HEIC": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 99, NO_PICTURE),
    "TIFF": (lambda: saved(plain(), "TIFF"), NO_PICTURE),
    "cut short": (lambda: camera()[:-9000], DAMAGED),
    "PNG cut short": (lambda: header_alone(100), DAMAGED),
    "12,000 x 12,000": (lambda: header_alone(12_000), TOO_MANY),
    "barely too many": (lambda: header_alone(7_072), TOO_MANY),
    "far too many": (lambda: header_alone(60_000), TOO_MANY),
    "too many bytes": (lambda: b"\xff\xd8" + b"\0" * 15 * 1024 * 1024, "larger than 15 MB"),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_whatever_is_taken_becomes_plain_webp_and_the_rest_is_refused_in_a_sentence(
    media: Path,
) -> None:
    shelve("A")
    client = staff()
    for kind, (make, colour) in TAKEN.items():
        assert upload(make(), client) == [], kind
        image = fetched(Product.objects.get().image.url)
        assert image.size == (64, 64), kind
        assert is_like(image.convert("RGB").getpixel((32, 32)), colour), kind
        assert not getattr(image, "is_animated", False), kind
        transparent = kind == "palette with a transparent colour"
        assert (image.convert("RGBA").getpixel((2, 2))[3] == 0) is transparent, kind
        assert len(kept(media)) == 1, f"the picture before {kind}"
    before = Product.objects.get().image.name
    for kind, (make, sentence) in REFUSED.items():
        (error,) = upload(make(), client)
        assert sentence in error, kind
        assert error.count(". ") == 0, kind
        assert Product.objects.get().image.name == before, kind
        assert kept(media) == {before}, kind


def test_a_camera_s_picture_is_shown_at_once_and_in_sizes_soon(media: Path) -> None:
    shelve("A")
    assert upload(camera(), name="my kitchen.jpg") == []
    product = Product.objects.get()
    assert re.fullmatch(r"product/[0-9a-f]{32}\.webp", product.image.name)
    assert kept(media) == {product.image.name}, "sizes are not made within the request"
    whole = product.image.url
    for page in ("/", "/products/", product.get_absolute_url()):
        assert pictures_of(page) == [(whole, {})], page
    upright = fetched(whole)
    assert upright.size == (800, 1600)
    assert is_like(upright.getpixel((400, 100)), RED)
    assert is_like(upright.getpixel((400, 1500)), BLUE)

    drain(["product"])
    for page in ("/", "/products/", product.get_absolute_url()):
        ((src, sizes),) = pictures_of(page)
        assert list(sizes) == [240, 480, 800], page
        assert src in (sizes[480], whole), page
    for width, url in sizes.items():
        assert fetched(url).size == (width, width)
    client = Client()
    client.post("/cart/add/", {"sku": "A", "quantity": 1})
    assert sizes[240] in client.get("/cart/").content.decode()
    assert sizes[240] in staff().get("/admin/product/product/").content.decode()
    assert client.get("/api/products/A/").json()["image"] == whole


def test_a_picture_that_is_replaced_or_cleared_is_gone(media: Path) -> None:
    shelve("A")
    client = staff()
    assert upload(saved(plain(size=(2600, 2600)), "PNG"), client) == []
    drain(["product"])
    product = Product.objects.get()
    assert product.image_widths == [240, 480, 800, 1200]
    assert kept(media) == set(product.files())
    old = [product.image.url, *pictures_of("/products/")[0][1].values()]

    assert upload(saved(plain(colour=BLUE), "PNG"), client) == []
    assert pictures_of("/products/") == [(Product.objects.get().image.url, {})]
    assert {Client().get(url).status_code for url in old} == {404}
    drain(["product"])
    assert list(pictures_of("/products/")[0][1]) == [64], "nothing is blown up"
    assert kept(media) == set(Product.objects.get().files())

    url = f"/admin/product/product/{product.pk}/change/"
    form = client.get(url).context["adminform"].form
    data = {field: form[field].value() for field in form.fields if field != "image"}
    assert client.post(url, data | {"image-clear": "on"}).status_code == 302
    assert pictures_of("/products/") == []
    assert kept(media) == set()


def test_a_new_product_s_picture_goes_the_same_way(media: Path) -> None:
    shelve("A")
    content = io.BytesIO(camera())
    content.name = "cup.jpg"
    data = {
        "sku": "NEW", "name": "New", "slug": "new", "price": "5", "tax_class": "zero",
        "category": Product.objects.get().category_id, "is_active": "on", "initial": "7",
    }  # fmt: skip
    assert staff().post("/admin/product/product/add/", data | {"image": content}).status_code == 302
    drain(["product"])
    assert list(pictures_of("/products/new/")[0][1]) == [240, 480, 800]


def earlier(sku: str, content: bytes, name: str) -> None:
    """A picture as an earlier release stored it, and nobody asked for its sizes."""
    default_storage.save(name, ContentFile(content))
    with owned("product"):
        Product.objects.filter(sku=sku).update(image=name)


def test_the_command_converts_what_an_earlier_release_took(media: Path) -> None:
    shelve("A", "B", "C")
    earlier("A", camera(), "product/cup.jpg")
    with owned("product"):
        Product.objects.filter(sku="B").update(image="product/lost.jpg")
    said, wrong = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="1 pictures have no sizes"):
        call_command("make_picture_sizes", stdout=said, stderr=wrong)
    assert "sizes of 1 pictures" in said.getvalue()
    assert wrong.getvalue().startswith("B: ")
    product = Product.objects.get(sku="A")
    assert (product.version, product.import_version) == (1, 1), "no edit"
    assert kept(media) == set(product.files())
    assert fetched(product.image.url).size == (800, 1600)
    with owned("product"):
        Product.objects.filter(sku="B").update(image="")
    call_command("make_picture_sizes", stdout=said)
    assert "sizes of 0 pictures" in said.getvalue()
    assert Product.objects.get(sku="A").image == product.image


def test_what_was_never_asked_for_is_made_up_for(media: Path) -> None:
    shelve("A")
    earlier("A", camera(), "product/cup.jpg")
    beat("product")
    drain(["product"])
    product = Product.objects.get()
    assert product.has_sizes
    assert kept(media) == set(product.files())
