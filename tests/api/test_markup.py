"""Markup in what people type is text wherever it is shown: on pages, in mails, in PDFs."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable
from typing import Any

import pypdf
import pytest

from tests.faults.served import eventually
from tests.scenarios.shop import ADDRESS, Shop

MARKUP = "<script>alert(1)</script>\"'&amp;{{7*7}}#panic()<img src=x onerror=y>"
STREET = "</textarea><svg/onload=a> 1 $x$ *b*"
SKU = "KT-101"
LIVE = ("<script>alert", "<img src=x", "<svg/onload", "<svg onload")
SECONDS = 60


@pytest.fixture(scope="module")
def operator(visitor: Callable[..., Shop]) -> Shop:
    shop = visitor("operator")
    shop.sign_in_on_page("admin@example.com", "admin-demo")
    return shop


@pytest.fixture(scope="module")
def product(operator: Shop) -> dict[str, Any]:
    """A product whose name and description are markup."""
    changes = {"name": MARKUP, "description": MARKUP}
    answer = operator.edit_product(SKU, changes, version="*")
    assert answer.status == 200, answer
    return dict(answer.json)


@pytest.fixture(scope="module")
def customer(register: Callable[..., Shop]) -> Shop:
    return register("markup@example.com", first_name=MARKUP, last_name=STREET)


@pytest.fixture(scope="module")
def paid(customer: Shop, product: dict[str, Any], operator: Shop) -> dict[str, Any]:
    """An order of that product by somebody of such a name, paid back in part; and another."""
    customer.add_on_page(f"/products/{product['slug']}/", SKU, 1)
    cart = customer.filled_cart(**{SKU: 2})
    address = {**ADDRESS, "line1": STREET, "city": MARKUP[:50]}
    answer = customer.checkout(cart, name=MARKUP, address=address)
    assert answer.status == 201, answer
    bought = dict(answer.json)
    other = customer.checkout(customer.filled_cart(**{SKU: 1}), name=MARKUP, address=address)
    bought["other"] = other.json["order"]
    line = operator.order(bought["order"]).json["lines"][0]["id"]
    refund = operator.refund(bought["order"], [(line, 1)])
    assert refund.status == 201, refund
    bought["credit_note"] = refund.json["credit_note"]
    eventually(lambda: _mailed(customer, bought["order"]), seconds=SECONDS)
    return bought


def _mailed(shop: Shop, order: str) -> bool:
    return bool(shop.receipt(order).json.get("status") == "sent")


def assert_dead(html: str) -> None:
    assert [live for live in LIVE if live in html] == []


@pytest.mark.parametrize(
    "path",
    [
        "/orders/",
        "/orders/{order}/",
        "/orders/{other}/",
        "/orders/{order}/?access={access}",
        "/invoices/{invoice}/",
        "/invoices/{credit_note}/",
        "/accounts/profile/",
        "/cart/",
        "/checkout/",
        "/products/{slug}/",
        "/products/?search=script",
        "/products/?search=%3Cscript%3Ealert(1)%3C/script%3E&category=%22%3E%3Csvg/onload=a%3E",
        "/accounts/login/?next=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/%3Cscript%3Ealert(1)%3C/script%3E/",
        "/",
    ],
)
def test_pages_show_it_as_text(
    customer: Shop, paid: dict[str, Any], product: dict[str, Any], path: str
) -> None:
    answer = customer.page(path.format(**{**product, **paid}))
    assert answer.status in (200, 302, 404)
    assert_dead(answer.text)
    if "{" in path:
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "49#panic()" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/payment/order/?q=script",
        "/admin/payment/order/{order}/change/",
        "/admin/payment/order/{order}/refund/",
        "/admin/payment/cart/",
        "/admin/product/product/?q=script",
        "/admin/invoice/document/",
        "/admin/receipt/receipt/",
        "/admin/accounts/user/?q=markup",
        "/admin/accounts/user/?q=%3Cscript%3Ealert(1)%3C/script%3E",
    ],
)
def test_the_back_office_shows_it_as_text(operator: Shop, paid: dict[str, Any], path: str) -> None:
    answer = operator.page(path.format(**paid))
    assert answer.status in (200, 404), answer
    assert answer.status == 200 or "refund" in path
    assert_dead(answer.text)


@pytest.mark.parametrize("which", ["invoice", "credit_note"])
def test_the_pdf_shows_it_as_text(customer: Shop, paid: dict[str, Any], which: str) -> None:
    answer = customer.pdf(paid[which])
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    pages = pypdf.PdfReader(io.BytesIO(answer.body)).pages
    text = "".join("".join(page.extract_text() for page in pages).split())
    assert "".join(MARKUP.split()) in text
    assert "".join(STREET.split()) in text


def test_mails_show_it_as_text(customer: Shop, paid: dict[str, Any]) -> None:
    listed = customer.page("/mails/")
    assert_dead(listed.text)
    ids = re.findall(r'href="/mails/([\w-]+)/"', listed.text)
    assert ids
    shown = [customer.page(f"/mails/{id}/").text for id in dict.fromkeys(ids)]
    mine = [id for id, page in zip(dict.fromkeys(ids), shown, strict=True) if paid["order"] in page]
    assert mine
    for page in shown:
        assert_dead(page)
    for id in mine:
        html = customer.page(f"/mails/{id}/html/")
        assert_dead(html.text)
        assert html.headers["content-security-policy"].startswith("sandbox")


def test_the_api_says_it_as_json_that_no_browser_reads_as_a_page(
    customer: Shop, paid: dict[str, Any]
) -> None:
    answer = customer.order(paid["order"])
    assert answer.json["name"] == MARKUP
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_error_does_not_echo(customer: Shop) -> None:
    for path in ("/api/products/%3Cscript%3E/", f"/api/carts/{uuid.uuid4()}%3Cscript%3E/"):
        assert "<script" not in customer.request("GET", path).text
