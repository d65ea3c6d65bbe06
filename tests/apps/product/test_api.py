"""The catalogue's API: shapes, edits that name their version, and bad input."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.product.models import Product
from extract.data import owned
from tests.apps.product.shelf import reserve, shelve, shelve_many, signed_in, staff

pytestmark = pytest.mark.usefixtures("database")

URL = "/api/products/A/"


def patch(client: Client, body: Any, url: str = URL, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.patch(url, content, content_type="application/json", headers=named)


def test_the_list_is_a_page_of_products(client: Client) -> None:
    shelve_many(30)
    body = client.get("/api/products/").json()
    assert body["count"] == 30
    assert body["previous"] is None
    assert body["results"][0] == {
        "sku": "P0000",
        "slug": "the-p0000",
        "name": "The P0000",
        "price": {"amount": "10.00", "currency": "GBP"},
        "available": 10,
        "image": None,
        "category": "home",
    }
    rest = client.get(body["next"]).json()
    assert len(body["results"]) + len(rest["results"]) == 30


def test_the_list_can_be_filtered_and_sorted(client: Client) -> None:
    shelve("A", category="light", price=Decimal("5.00"))
    shelve("B", category="light", price=Decimal("15.00"), description="Brass")
    shelve("C", price=Decimal("10.00"))

    def skus(query: str) -> list[str]:
        return [found["sku"] for found in client.get(f"/api/products/?{query}").json()["results"]]

    assert skus("category=light&ordering=-price") == ["B", "A"]
    assert skus("min_price=10&max_price=15&ordering=price") == ["C", "B"]
    assert skus("search=brass") == ["B"]
    assert skus("unheard=of&min_price=&category=") == ["A", "B", "C"]


def test_a_look_at_the_schema_leaves_the_filters_as_they_are(client: Client) -> None:
    shelve("A", category="light", price=Decimal("5.00"))
    assert client.get("/api/schema/").status_code == 200
    found = client.get("/api/products/?category=light").json()["results"]
    assert [product["sku"] for product in found] == ["A"]


@pytest.mark.parametrize(
    "query", ["min_price=x", "max_price=NaN", "category=none", "ordering=id", "search=" + "x" * 101]
)
def test_a_filter_that_makes_no_sense_is_a_problem(client: Client, query: str) -> None:
    response = client.get(f"/api/products/?{query}")
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("path", ["?page=0", "?page=x", "?page=999", "none/", "%F0%9F%A6%8A/"])
def test_what_is_not_there_is_404(client: Client, path: str) -> None:
    shelve("A")
    assert client.get(f"/api/products/{path}").status_code == 404


def test_the_etag_changes_with_edits_and_not_with_stock(client: Client) -> None:
    shelve("A")
    first = client.get(URL)
    reserve(A=3)
    second = client.get(URL)
    assert second.json()["available"] == 7
    assert second["ETag"] == first["ETag"]
    assert not first["ETag"].startswith("W/")
    edited = patch(staff(), {"name": "New"}, If_Match=first["ETag"])
    assert edited.status_code == 200
    assert edited["ETag"] == client.get(URL)["ETag"] != first["ETag"]
    assert client.get(URL, headers={"If-None-Match": edited["ETag"]}).status_code == 304
    assert client.get(URL, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_of_two_editors_the_second_is_told() -> None:
    shelve("A")
    one, two = staff(), staff()
    tag = one.get(URL)["ETag"]
    assert two.get(URL)["ETag"] == tag
    first = patch(one, {"price": {"amount": "12.50", "currency": "GBP"}}, If_Match=tag)
    assert first.status_code == 200
    assert first.json()["price"] == {"amount": "12.50", "currency": "GBP"}
    second = patch(two, {"name": "Lost"}, If_Match=tag)
    assert second.status_code == 412
    assert second.json()["type"] == "/problems/version-stale"
    assert Product.objects.get().name == "The A"


def test_without_if_match_nothing_is_edited() -> None:
    shelve("A")
    for headers in ({}, {"If_Match": " "}):
        response = patch(staff(), {"name": "New"}, **headers)
        assert response.status_code == 428
    assert Product.objects.get().version == 1


def test_if_match_is_read_as_rfc_9110_has_it() -> None:
    shelve("A")
    client = staff()

    def answer(condition: str) -> int:
        tag = client.get(URL)["ETag"]
        sent = condition.replace("TAG", tag)
        return int(patch(client, {"name": "Again"}, If_Match=sent).status_code)

    assert answer("*") == 200
    assert answer('"other", TAG') == 200
    assert answer("TAG,W/TAG") == 200
    for condition in ("W/TAG", '"other"', "garbage", '"', ",", "TAG TAG", '"\xe9"'):
        assert answer(condition) == 412, condition


def test_every_editable_field_can_be_edited() -> None:
    shelve("A")
    shelve("B", category="light")
    changes = {
        "name": "Größe & <b>",
        "description": "",
        "category": "light",
        "tax_class": "reduced",
        "is_active": False,
        "price": {"amount": "0.00", "currency": "GBP"},
    }
    response = patch(staff(), changes, If_Match="*")
    assert response.status_code == 200
    assert {name: response.json()[name] for name in changes} == changes


def test_an_empty_edit_changes_nothing() -> None:
    shelve("A")
    response = patch(staff(), {}, If_Match="*")
    assert response.status_code == 200
    assert Product.objects.get().version == 1


@pytest.mark.parametrize(
    "body",
    [
        {"sku": "B"},
        {"available": 5},
        {"slug": "new"},
        {"unheard": 1},
        {"name": ""},
        {"name": None},
        {"name": 5},
        {"name": "x" * 121},
        {"name": "a\x00b"},
        {"name": "a\nb"},
        {"name": "a\x1fb"},
        {"name": "a\u202eb"},
        {"name": "\u200b"},
        {"description": "a\x00b"},
        {"description": "a\x1bb"},
        {"description": "a\u2066b"},
        {"category": "none"},
        {"category": 1},
        {"category": "\x00"},
        {"tax_class": "none"},
        {"tax_class": []},
        {"is_active": "yes"},
        {"price": "12.00"},
        {"price": {"amount": "12.00"}},
        {"price": {"amount": "12.00", "currency": "EUR"}},
        {"price": {"amount": "-1", "currency": "GBP"}},
        {"price": {"amount": "1.234", "currency": "GBP"}},
        {"price": {"amount": "NaN", "currency": "GBP"}},
        {"price": {"amount": "1e400", "currency": "GBP"}},
        {"price": {"amount": "9" * 2000, "currency": "GBP"}},
        {"price": {"amount": 10**400, "currency": "GBP"}},
        {"price": {"amount": "1", "currency": "GBP", "vat": 1}},
        {"price": None},
        [],
        "text",
        None,
        7,
    ],
)
def test_wrong_values_are_422(body: Any) -> None:
    shelve("A")
    response = patch(staff(), body, If_Match="*")
    assert response.status_code == 422, response.content
    assert Product.objects.get().version == 1


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"price": {"amount": NaN}}',
        b"[" * 100_000,
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
    ],
)
def test_what_is_not_json_is_400(body: bytes) -> None:
    shelve("A")
    assert patch(staff(), body, If_Match="*").status_code == 400


def test_another_media_type_is_415() -> None:
    shelve("A")
    response = staff().patch(URL, "name=x", content_type="text/plain", headers={"If-Match": "*"})
    assert response.status_code == 415


def test_only_staff_edits(client: Client) -> None:
    shelve("A")
    assert patch(client, {"name": "New"}, If_Match="*").status_code == 401
    assert patch(signed_in(), {"name": "New"}, If_Match="*").status_code == 403
    assert patch(staff(), {"name": "New"}, "/api/products/NONE/", If_Match="*").status_code == 404
    assert client.delete(URL).status_code in (401, 405)
    assert Product.objects.get().name == "The A"


def test_only_staff_sees_what_is_off_sale(client: Client) -> None:
    shelve("A")
    with owned("product"):
        Product.objects.update(is_active=False)
    assert client.get(URL).status_code == 404
    assert signed_in().get(URL).status_code == 404
    assert staff().get(URL).json()["is_active"] is False
    assert client.get("/api/products/").json()["count"] == 0
