"""Home, the base page and the pages of errors."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from apps.product.contract import ProductContract
from extract.call import NotSent, bound

pytestmark = pytest.mark.usefixtures("database")


class Away:
    def call(self, method: Any, arguments: dict[str, Any]) -> Any:
        raise NotSent(method.label, "nobody is there")


def test_home_opens_while_the_catalogue_is_away(client: Client) -> None:
    with bound(Away(), ProductContract.app):
        answer = client.get("/")
    assert answer.status_code == 200
    assert "window is being dressed" in answer.content.decode()


@pytest.mark.parametrize(
    ("cookie", "shown"),
    [("3", True), ("0", False), ("-1", False), ("<b>", False), ("9" * 30, False)],
)
def test_the_cart_link_shows_what_the_cookie_says(client: Client, cookie: str, shown: bool) -> None:
    client.cookies["cart_size"] = cookie
    page = client.get("/accounts/login/").content.decode()
    assert ('<span class="count">' in page) is shown


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "429", "500"])
def test_pages_of_errors_need_nothing_to_be_shown(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert "<h1>" in page
    assert "shop.css" in page


def test_a_page_that_is_not_there_looks_like_the_shop(client: Client) -> None:
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert 'class="masthead"' in answer.content.decode()


def test_what_was_searched_for_stays_text(client: Client) -> None:
    page = client.get("/accounts/login/?search=%22%3E%3Cscript%3E").content.decode()
    assert "<script>" not in page.replace("<script src=", "")
    assert "&quot;&gt;&lt;script&gt;" in page
