"""Errors are problems below /api/ and pages elsewhere, whatever comes in."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.asserts import assertContains

from shop.accounts.models import User

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def test_an_unknown_api_path_is_a_problem(client: Client) -> None:
    answer = client.get("/api/nothing-here/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/not-found"


def test_an_unknown_page_is_a_page(client: Client) -> None:
    answer = client.get("/nothing-here/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (405, {"method": "DELETE", "path": "/api/schema/"}),
        (406, {"method": "GET", "path": "/api/schema/", "HTTP_ACCEPT": "text/html"}),
        (404, {"method": "GET", "path": "/api/products/%00/"}),
        (400, {"method": "GET", "path": "/api/schema/?search=%00"}),
        (400, {"method": "GET", "path": "/api/schema/", "HTTP_HOST": "evil.example"}),
        (
            413,
            {
                "method": "POST",
                "path": "/api/schema/",
                "data": b"x" * 2_000_000,
                "content_type": "application/json",
            },
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
def test_what_cannot_be_served_is_a_problem(
    client: Client, status: int, request_: dict[str, str]
) -> None:
    answer = client.generic(**request_)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("email", "is_link"), [("ada@example.com", False), ("operator@example.com", True)]
)
def test_a_page_that_broke_names_its_id_and_operators_follow_it(
    client: Client, monkeypatch: pytest.MonkeyPatch, email: str, is_link: bool
) -> None:
    user = User.objects.create_user(email, "correct-horse-9", is_staff=is_link)
    client.force_login(user)
    monkeypatch.setattr("shop.pages.views._window", lambda: 1 / 0)
    answer = client.get("/", headers={"X-Request-ID": "broken-1"})
    assert answer.status_code == 500
    assertContains(answer, "broken-1", status_code=500)
    way = '<a class="code" href="/admin/extract/trace/?id=broken-1">'
    assert (way in answer.content.decode()) == is_link
