"""What is another's is to a stranger as if it had never been: the same answer to the byte."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import SKU, order
from tests.scenarios.shop import Answer, Shop

PASSING = {"date", "x-request-id", "content-length", "set-cookie"}
NO_NUMBER = "1999-000001"
PAGES = (
    "/orders/{order}/",
    "/orders/{order}/?access={wrong}",
    "/invoices/{invoice}/",
    "/invoices/{invoice}/?access={wrong}",
    "/invoices/{invoice}.pdf",
    "/invoices/{invoice}.pdf?access={wrong}",
)
API = (
    ("GET", "/api/orders/{order}/"),
    ("HEAD", "/api/orders/{order}/"),
    ("OPTIONS", "/api/orders/{order}/"),
    ("GET", "/api/orders/{order}/?access={wrong}"),
    ("GET", "/api/orders/{order}/?access="),
    ("GET", "/api/invoices/{invoice}/"),
    ("OPTIONS", "/api/invoices/{invoice}/"),
    ("GET", "/api/invoices/{invoice}/?access={wrong}"),
    ("GET", "/api/invoices/{invoice}/pdf/"),
    ("GET", "/api/invoices/{invoice}/pdf/?access={wrong}"),
    ("GET", "/api/receipts/{order}/"),
    ("GET", "/api/receipts/{order}/?access={wrong}"),
    ("POST", "/api/orders/{order}/refunds/"),
    ("OPTIONS", "/api/orders/{order}/refunds/"),
    ("GET", "/api/carts/{cart}/"),
    ("PUT", "/api/carts/{cart}/items/{sku}/"),
    ("DELETE", "/api/carts/{cart}/items/{sku}/"),
)


@pytest.fixture(scope="module")
def owner(register: Callable[..., Shop]) -> Shop:
    return register("owner@example.com", first_name="Olive")


@pytest.fixture(scope="module")
def owned(owner: Shop) -> dict[str, Any]:
    """What a customer has: an order, an invoice, and an open cart."""
    return {**order(owner), "cart": owner.filled_cart(**{SKU: 1}), "sku": SKU}


@pytest.fixture(scope="module", params=["guest", "customer"])
def stranger(
    request: pytest.FixtureRequest, visitor: Callable[..., Shop], register: Callable[..., Shop]
) -> Shop:
    shop = visitor() if request.param == "guest" else register("eve@example.com")
    shop.page("/")  # the welcome is shown here
    return shop


def made_up(owned: dict[str, Any]) -> dict[str, Any]:
    nothing = {"order": str(uuid.uuid4()), "cart": str(uuid.uuid4()), "invoice": NO_NUMBER}
    return {**owned, **nothing}


def seen(answer: Answer, names: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """All that a stranger learns from an answer, but for what was in the question."""
    headers = {name: text for name, text in answer.headers.items() if name not in PASSING}
    body = answer.body
    for name in ("order", "cart", "invoice"):
        body = body.replace(str(names[name]).encode(), b"...")
    body = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", body)
    return answer.status, headers, body


@pytest.mark.parametrize(("method", "path"), API)
def test_the_api_does_not_tell(
    stranger: Shop, owned: dict[str, Any], bought: dict[str, Any], method: str, path: str
) -> None:
    content = {"quantity": 1} if method == "PUT" else {} if method == "POST" else None
    told = []
    for names in (owned, made_up(owned)):
        where = path.format(**{**names, "wrong": bought["access"]})
        headers = {"Idempotency-Key": "a-key"} if method == "POST" else {}
        told.append(seen(stranger.request(method, where, content, headers), names))
    assert told[0] == told[1]
    assert told[0][0] in ((404,) if method in ("GET", "HEAD", "PUT", "DELETE") else (200, 401, 403))


@pytest.mark.parametrize("path", PAGES)
def test_pages_do_not_tell(
    stranger: Shop, owned: dict[str, Any], bought: dict[str, Any], path: str
) -> None:
    told = []
    for names in (owned, made_up(owned)):
        answer = stranger.page(path.format(**{**names, "wrong": bought["access"]}))
        told.append(seen(answer, names))
    assert told[0] == told[1]
    assert told[0][0] == 404


def test_checking_out_anothers_cart_does_not_tell(stranger: Shop, owned: dict[str, Any]) -> None:
    told = [
        seen(stranger.checkout(names["cart"], key=f"not-mine-{number}"), names)
        for number, names in enumerate((owned, made_up(owned)))
    ]
    assert told[0] == told[1]
    assert told[0][0] == 404


def test_lists_hold_ones_own(stranger: Shop, owned: dict[str, Any]) -> None:
    answer = stranger.orders()
    assert answer.status in (200, 401)
    assert owned["order"] not in answer.text
    assert owned["order"] not in stranger.page("/orders/").text
    assert owned["order"] not in stranger.page("/accounts/profile/").text
    assert owned["order"] not in stranger.page("/cart/").text


def test_anothers_key_is_as_if_it_were_new(owner: Shop, stranger: Shop, visitor: Any) -> None:
    key = str(uuid.uuid4())
    first = owner.checkout(owner.filled_cart(**{SKU: 1}), key=key)
    second = stranger.checkout(stranger.filled_cart(**{SKU: 1}), key=key)
    assert first.status == second.status == 201
    assert first.json["order"] != second.json["order"]
    assert owner.order(second.json["order"]).status == 404
    # A key that was used up in vain tells nothing either.
    assert visitor().checkout(visitor().create_cart(), key=key).problem == "cart-empty"


def test_it_is_there_for_its_owner_and_for_staff(
    owner: Shop, owned: dict[str, Any], visitor: Callable[..., Shop]
) -> None:
    for shop in (owner, visitor("operator")):
        assert shop.order(owned["order"]).status == 200
        assert shop.invoice(owned["invoice"]).status == 200
    assert owner.page(f"/orders/{owned['order']}/").status == 200


def test_the_back_office_is_for_staff(stranger: Shop, owned: dict[str, Any]) -> None:
    for path in (f"/admin/payment/order/{owned['order']}/change/", "/admin/", "/admin/nothing/"):
        answer = stranger.page(path)
        assert answer.status in (302, 404)
        assert owned["order"] not in answer.text
