"""``manage.py demo``: a shop to look at, loaded once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from PIL import Image

from apps.product.models import Product
from apps.product.services import product_edit
from extract.data import owned
from shop.accounts.models import User
from shop.demo.services import demo_load

pytestmark = pytest.mark.usefixtures("database")

LARGEST_PICTURE = 30 * 1024


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def demo() -> str:
    said = io.StringIO()
    call_command("demo", stdout=said)
    return said.getvalue()


def test_the_demo_shop_is_whole_and_a_second_run_adds_nothing(media: Path, client: Client) -> None:
    said = demo()
    for account in (
        "ada@example.com / customer-demo (customer)",
        "operator@example.com / operator-demo (staff)",
        "admin@example.com / admin-demo (superuser)",
    ):
        assert account in said
    assert client.login(username="ada@example.com", password="customer-demo")
    assert User.objects.get(email="operator@example.com").is_staff
    assert User.objects.get(email="admin@example.com").is_superuser

    pictures = {p: p.read_bytes() for p in media.rglob("*.webp")}
    products = Product.objects.all()
    whole = {pictures[media / product.image.name] for product in products}
    assert len(whole) == 60
    assert max(map(len, whole)) <= LARGEST_PICTURE
    assert {media / file for product in products for file in product.files()} == pictures.keys()
    assert [product.image_widths for product in products] == [[240, 480, 640]] * 60
    with Image.open(media / products[0].image.name) as picture:
        assert picture.size == (640, 640)

    first = client.get("/api/products/").json()
    assert first["count"] == 60
    assert min(found["available"] for found in first["results"]) >= 50
    assert client.get(first["results"][0]["image"]).status_code == 200
    assert Product.objects.filter(on_hand=0).exists()
    assert set(Product.objects.values_list("tax_class", flat=True)) == {
        "standard", "reduced", "zero",
    }  # fmt: skip

    before = list(Product.objects.values()), list(User.objects.values())
    assert "in place" in demo()
    assert (list(Product.objects.values()), list(User.objects.values())) == before
    assert {p: p.read_bytes() for p in media.rglob("*.webp")} == pictures


def test_what_operators_changed_or_removed_stays_so() -> None:
    demo()
    product = Product.objects.order_by("id")[0]
    product_edit(sku=product.sku, version=1, changes={"price": Decimal("1.00"), "is_active": False})
    with owned("product"):
        Product.objects.order_by("-id")[0].delete()
    User.objects.filter(email="admin@example.com").delete()
    said = demo()
    assert "admin@example.com" not in said
    assert not User.objects.filter(email="admin@example.com").exists()
    assert Product.objects.count() == 59
    assert Product.objects.get(sku=product.sku).price == Decimal("1.00")


def test_an_interrupted_load_goes_on() -> None:
    def interrupt(entries: Any) -> Iterator[Any]:
        yield from list(entries)[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo_load(watch=interrupt)
    assert not Product.objects.exists()
    assert demo_load() == 60
    assert User.objects.count() == 3


@pytest.mark.sqlite
def test_lost_pictures_are_drawn_again_the_same(media: Path) -> None:
    demo()
    pictures = {p: p.read_bytes() for p in media.rglob("*.webp")}
    for path in list(pictures)[:2]:
        path.unlink()
    demo()
    assert {p: p.read_bytes() for p in media.rglob("*.webp")} == pictures
