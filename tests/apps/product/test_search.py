"""What a search finds, in which order, and how names are sorted: the same on every database."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.product.lines import HEADER
from apps.product.models import Category, Product, Word
from apps.product.services import product_edit
from extract.data import owned, unguarded
from tests.apps.product.shelf import shelve, staff

pytestmark = pytest.mark.usefixtures("database")

# SKU: (name, category, description)
CATALOGUE = {
    "X-01": ("Beeswax Candle", "light", "Burns slowly."),
    "X-02": ("Pillar Candles", "light", "A set of three."),
    "X-03": ("Candleholder", "home", "Of brass."),
    "X-04": ("Snuffer", "light", "Long and thin."),
    "X-05": ("Çay Glass", "kitchen", "Warm as a candle."),
    "X-06": ("Café Cup", "kitchen", "Stoneware, by Søren."),
    "X-07": ("CAFÉ TRAY", "kitchen", "Of beech."),
    "X-08": ("Harbour Lantern", "home", "Linen and porcelain."),
    "X-09": ("Gardener's Apron", "garden", "Of linen."),
    "X-10": ("Tealight Jar", "home", "Holds one."),
    "X-11": ("Lámpara", "home", "Hand-made in Sevilla."),
    "AB.7": ("Reading Lamp", "home", "Like X-01, but to read by."),
}

FOUND = {
    # Name before category before description; the word before its stem before a longer one.
    "candle": ["X-01", "X-02", "X-03", "X-04", "X-05"],
    "candles": ["X-02", "X-01", "X-04", "X-05"],
    "CANDLES light": ["X-02", "X-01", "X-04"],
    "linen": ["X-09", "X-08"],
    "lantern of brass": [],
    "lamp": ["AB.7", "X-11"],
    # Case, accents and their spelling tell nothing apart.
    "çay": ["X-05"],
    "ÇAY": ["X-05"],
    "C\u0327ay": ["X-05"],
    "cay glass": ["X-05"],
    "cafe": ["X-06", "X-07"],
    "CAFE\u0301": ["X-06", "X-07"],
    "soren": ["X-06"],
    "gardeners": ["X-09"],
    "gardener’s apron": ["X-09"],
    # SKUs.
    "ab.7": ["AB.7"],
    "x-01": ["X-01", "AB.7"],
    # Slips, of words that nobody has; and what is inside of others.
    "lanttern": ["X-08"],
    "lnatern": ["X-08"],
    "candel": ["X-01", "X-02", "X-04", "X-05"],
    "porcelian": ["X-08"],
    "beeswax cnadle": ["X-01"],
    "holder": ["X-03"],
    "light jar": ["X-10"],
    # Nothing.
    "zzzzzz": [],
    "cup lantern": [],
    "100%": [],
    "!?": [],
    "_": [],
}


@pytest.fixture
def _catalogue(database: None) -> None:
    for sku, (name, category, description) in CATALOGUE.items():
        shelve(sku, name=name, category=category, description=description)


def skus(client: Client, text: str, **chosen: str) -> list[str]:
    answer = client.get("/api/products/", {"search": text, **chosen})
    assert answer.status_code == 200, answer.content
    return [found["sku"] for found in answer.json()["results"]]


@pytest.mark.usefixtures("_catalogue")
def test_page_api_and_back_office_find_the_same_best_first(client: Client) -> None:
    operator = staff()
    for text, wanted in FOUND.items():
        assert skus(client, text) == wanted, text
        page = client.get("/products/", {"search": text}).context["page"]
        assert [product.sku for product in page] == wanted, text
        found = operator.get("/admin/product/product/", {"q": text}).context["cl"].result_list
        assert [product.sku for product in found] == wanted, text


@pytest.mark.usefixtures("_catalogue")
def test_what_is_found_can_be_narrowed_and_sorted(client: Client) -> None:
    assert skus(client, "candle", category="light", ordering="-name") == ["X-04", "X-02", "X-01"]
    assert skus(client, "candel", category="kitchen") == ["X-05"]
    assert skus(client, "candle", max_price="1") == []


@pytest.mark.usefixtures("_catalogue")
def test_whatever_a_category_is_called_its_products_are_found_by_it(client: Client) -> None:
    with owned("product"):
        category = Category.objects.get(slug="light")
        category.name = "Éclairage"
        category.save()
    assert skus(client, "eclairage") == ["X-01", "X-02", "X-04"]
    assert skus(client, "eclairgae") == ["X-01", "X-02", "X-04"]
    assert skus(client, "candle") == ["X-01", "X-02", "X-03", "X-05"]


def test_every_way_of_writing_keeps_what_searches_look_at(client: Client, tmp_path: Path) -> None:
    operator, light = staff(), {"sku": "ADMIN", "slug": "admin", "tax_class": "standard"}
    shelve("MADE", name="Old thing")
    category = Category.objects.get()
    edited = {"name": "Brass bell", "description": "Rings"}
    product_edit(sku="MADE", version=1, changes=edited)
    made = light | {
        "name": "Tin drum",
        "category": category.pk,
        "price": "1",
        "initial": "1",
        "is_active": "on",
    }
    assert operator.post("/admin/product/product/add/", made).status_code == 302
    for name in ("RED KITE", "BLUE KITE", "BLUE KITE"):
        line = f'1,85123A,"{name}",1,1/12/2010,2.55,,France'
        (tmp_path / "past.csv").write_text("\n".join([",".join(HEADER), line]))
        call_command("import_catalogue", tmp_path / "past.csv")
    for text, wanted in {
        "old": [], "bell": ["MADE"], "rings": ["MADE"],
        "drum": ["ADMIN"], "red kite": [], "kites": ["85123A"],
    }.items():  # fmt: skip
        assert skus(client, text) == wanted, text
    assert skus(client, "", ordering="name") == ["85123A", "MADE", "ADMIN"]


def test_rows_from_before_get_their_words_and_keys(client: Client) -> None:
    shelve("A", name="Éclair", description="Of brass")
    with owned("product"):
        Word.objects.all().delete()
        Product.objects.update(sort_key=b"")
        Category.objects.update(sort_key=b"")
    assert skus(client, "eclair") == []
    fill = import_module("apps.product.migrations.0002_search").fill
    with unguarded(), connections["product"].schema_editor() as editor:
        fill(apps, editor)
    assert skus(client, "eclair brass") == ["A"]
    assert bytes(Product.objects.get().sort_key).startswith(b"eclair")
    assert bytes(Category.objects.get().sort_key).startswith(b"home")


def test_names_are_sorted_by_their_letters_whatever_the_accents(client: Client) -> None:
    names = ["Apfel", "Äpfel", "apple", "Çay", "Cup", "Éclat", "Eclats", "Zebra", "zebra", "Żubr"]
    for number, name in enumerate(reversed(names)):
        shelve(f"S{number}", name=name)
    for ordering, order in (("name", names), ("-name", names[::-1]), ("price", names), ("", names)):
        answer = client.get("/api/products/", {"ordering": ordering}).json()
        assert [found["name"] for found in answer["results"]] == order, ordering


LETTERS = st.characters(
    codec="utf-8", categories=("Lu", "Ll", "Nd"), max_codepoint=0x24F
) | st.sampled_from("ΑλφάБуйЁё")
NAMES = st.lists(st.text(LETTERS, min_size=2, max_size=8), min_size=1, max_size=4).map(" ".join)


def plain(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


@given(name=NAMES)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_name_is_found_by_each_of_its_spellings(name: str) -> None:
    with owned("product"):
        Product.objects.all().delete()
    shelve("SOUGHT", name=name, price=Decimal(1))
    shelve("OTHER", name="§ 1")
    spellings = {name, name.upper(), name.lower(), plain(name), plain(name.upper())}
    spellings |= {unicodedata.normalize(form, name) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    client = Client()
    for spelling in sorted(spellings):
        if len(spelling) <= 100:
            assert skus(client, spelling) == ["SOUGHT"], spelling


@pytest.mark.usefixtures("_catalogue")
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/products/?search=candle&category=light&ordering=-price", "candle"),
        ("/products/?max_price=99", ""),
        ("/cart/", ""),
    ],
)
def test_one_field_on_a_page_searches_the_whole_shop(client: Client, path: str, said: str) -> None:
    page = client.get(path).content.decode()
    assert page.count('type="search"') == 1
    form = re.search(r'<form class="search".*?</form>', page, re.DOTALL)[0]  # type: ignore[index]
    assert "hidden" not in form.replace("visually-hidden", "")
    assert re.search(r'name="search"[^>]* value="([^"]*)"', form)[1] == said  # type: ignore[index]


@pytest.mark.usefixtures("_catalogue")
def test_filters_keep_the_words(client: Client) -> None:
    page = client.get("/products/?search=candle").content.decode()
    form = re.search(r'<form class="filters-form".*?</form>', page, re.DOTALL)[0]  # type: ignore[index]
    assert re.search(r'type="hidden" name="search" value="candle"', form)


@pytest.mark.usefixtures("_catalogue")
def test_the_page_says_what_was_taken_instead_and_what_can_be_done(client: Client) -> None:
    def text(path: str) -> str:
        return client.get(path).content.decode()

    assert "Nothing has “lanttern”. Shown instead: “lantern”." in text("/products/?search=lanttern")
    nothing = text("/products/?search=zz zz&category=light")
    assert "Nothing found for “zz zz”" in nothing
    assert 'href="/products/?search=zz%20zz"' in nothing
    assert "Best match" in nothing
    assert "Best match" not in text("/products/")


def test_words_without_end_and_many_words_are_an_answer(client: Client) -> None:
    shelve("LONG", name="x" * 120, description="é" * 10_000)
    assert skus(client, "x" * 60) == ["LONG"]
    many: dict[str, Any] = {"search": " ".join("abcdefghijklmnopqrstuvwxyz0123456789")}
    assert client.get("/products/", many).status_code == 200
