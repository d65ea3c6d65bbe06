"""The catalogue's pages as a browser gets them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.product.models import Product
from extract.data import owned
from tests.apps.product.shelf import shelve, shelve_many, signed_in

pytestmark = pytest.mark.usefixtures("database")

MOST_QUERIES = 6


@contextmanager
def queries_counted() -> Iterator[list[Any]]:
    """Every query of every alias, in a list that is filled when the block ends."""
    found: list[Any] = []
    with ExitStack() as stack:
        captures = [
            stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in connections
        ]
        yield found
    for capture in captures:
        found += [query["sql"] for query in capture.captured_queries]


def names(response: Any) -> list[str]:
    return [product.name for product in response.context["page"]]


@pytest.mark.parametrize(
    "path",
    ["/products/", "/products/the-p0003/", "/api/products/", "/api/products/P0003/"],
)
def test_queries_are_few_and_constant_in_the_number_of_products(path: str) -> None:
    client = signed_in()
    counts = []
    for count in (10, 200):
        shelve_many(count)
        cache.clear()
        with queries_counted() as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= MOST_QUERIES


def test_a_filtered_list_stays_within_its_queries() -> None:
    shelve_many(60)
    client = signed_in()
    with queries_counted() as queries:
        response = client.get("/products/?search=the&category=home&min_price=1&ordering=-price")
    assert response.context["page"].paginator.count == 60
    assert len(queries) <= MOST_QUERIES


def test_search_finds_every_word_in_name_sku_or_description(client: Client) -> None:
    shelve("LAMP", name="Harbour Lamp", description="Brass and linen")
    shelve("CUP", name="Harbour Cup", description="Stoneware")
    assert names(client.get("/products/?search=harbour")) == ["Harbour Cup", "Harbour Lamp"]
    assert names(client.get("/products/?search=linen+HARBOUR")) == ["Harbour Lamp"]
    assert names(client.get("/products/?search=cup")) == ["Harbour Cup"]
    assert names(client.get("/products/?search=100%25")) == []


def test_category_price_and_ordering_narrow_the_list(client: Client) -> None:
    shelve("A", category="light", price=Decimal("5.00"))
    shelve("B", category="light", price=Decimal("15.00"))
    shelve("C", category="home", price=Decimal("10.00"))
    assert names(client.get("/products/?category=light&ordering=-price")) == ["The B", "The A"]
    assert names(client.get("/products/?min_price=5.01&max_price=10")) == ["The C"]
    response = client.get("/products/?category=light&page=1&search=")
    assert response.context["querystring"] == "category=light"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("min_price=cheap", "min_price"),
        ("min_price=NaN", "min_price"),
        ("min_price=-1", "min_price"),
        ("max_price=1e999", "max_price"),
        ("max_price=Infinity", "max_price"),
        ("category=nowhere", "category"),
        ("category=%F0%9F%A6%8A", "category"),
        ("ordering=password", "ordering"),
        ("search=" + "x" * 500, "search"),
    ],
)
def test_a_filter_that_makes_no_sense_is_left_out_and_told(
    client: Client, query: str, field: str
) -> None:
    shelve("A", "B")
    response = client.get(
        f"/products/?{query}&ordering=-name" if field != "ordering" else f"/products/?{query}"
    )
    assert response.status_code == 200
    assert sorted(names(response)) == ["The A", "The B"]
    error = response.context["filters"].errors[field][0]
    assert error in response.content.decode().replace("&#x27;", "'")


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "9" * 5000, "1.5"])
def test_any_page_number_shows_a_page(client: Client, page: str) -> None:
    shelve_many(30)
    response = client.get("/products/", {"page": page})
    assert response.status_code == 200
    assert names(response)


def test_markup_in_a_name_is_escaped(client: Client) -> None:
    shelve("X", name="<script>alert(1)</script>")
    assert b"<script>alert" not in client.get("/products/?search=script").content


def test_products_off_sale_have_no_page(client: Client) -> None:
    shelve("A")
    assert client.get("/products/the-a/").status_code == 200
    with owned("product"):
        Product.objects.update(is_active=False)
    assert client.get("/products/the-a/").status_code == 404
    assert names(client.get("/products/")) == []


def test_pages_are_fresh_and_private(client: Client) -> None:
    shelve("A")
    for path in ("/products/", "/products/the-a/"):
        caching = client.get(path)["Cache-Control"]
        assert "private" in caching
        assert "no-cache" in caching


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    (settings.MEDIA_ROOT / "product").mkdir(parents=True)
    (tmp_path / "secret_key").write_text("secret")
    (settings.MEDIA_ROOT / "secret.webp").write_text("secret")
    (settings.MEDIA_ROOT / "product" / "cup.webp").write_bytes(b"picture")
    (settings.MEDIA_ROOT / "product" / "page.html").write_text("secret")
    return Path(settings.MEDIA_ROOT)


@pytest.mark.usefixtures("media")
def test_a_picture_may_be_kept_for_long(client: Client) -> None:
    response = client.get(django_settings.MEDIA_URL + "product/cup.webp")
    assert b"".join(response.streaming_content) == b"picture"
    assert response["Content-Type"] == "image/webp"
    assert "immutable" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.usefixtures("media")
@pytest.mark.parametrize(
    "path",
    [
        "product/none.webp",
        "product/page.html",
        "product/",
        "product/../secret.webp",
        "product/%2e%2e/secret.webp",
        "product/..%2f..%2fsecret_key",
        "secret.webp",
        "/etc/passwd",
        "product/" + "x" * 400 + ".webp",
        "product/" + "%F0%9F%A6%8A" * 99 + ".webp",
        "product/cup.webp%00",
        "product/cup.webp%0A",
    ],
)
def test_nothing_but_pictures_is_served(client: Client, path: str) -> None:
    assert client.get(f"/products/media/{path}").status_code == 404
