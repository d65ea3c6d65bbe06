"""Every field of every body, sent everything that it is not."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.api.conftest import ACCOUNTS, SKU
from tests.api.wire import Wire, assert_problem, basic
from tests.scenarios.shop import ADDRESS, Shop, form_fields

OPERATOR = basic(*ACCOUNTS["operator"])
DEEP = b'{"a":' * 5000
STRINGS = {
    "lone surrogate": r'"a\ud800b"',
    "reversed pair": r'"\udc00\ud800"',
    "NUL": r'"a\u0000b"',
    "invalid UTF-8": b'"a\xff\xfeb"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "surrogate in UTF-8": b'"\xed\xa0\x80"',
    "raw line break": b'"a\nb"',
    "too long": json.dumps("a" * 20_000),
    "number": "7",
    "huge number": "1" * 5000,
    "1e999": "1e999",
    "NaN": "NaN",
    "-Infinity": "-Infinity",
    "true": "true",
    "null": "null",
    "list": '["a"]',
    "object": '{"a": "b"}',
    "deep": b"[" * 200_000,
    "balanced deep": b"[" * 60_000 + b"]" * 60_000,
}
QUANTITIES = ["-1", "0", "1.5", "1.0", "1e9", "1000000000", "10000", "true", '"3"', "null", "[1]"]
QUANTITIES += ["NaN", "Infinity", "-0", "1" * 400, '{"n": 1}', r'"\ud800"']

CHECKOUT = {
    "cart": "",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "address": ADDRESS,
    "payment": {"provider": "test", "token": "tok_visa"},
}
EDIT = {
    "name": "A Year of Soups",
    "description": "Soups.",
    "price": {"amount": "16.99", "currency": "GBP"},
    "category": "books",
    "tax_class": "zero",
}


def leaves(body: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in body.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name)


def with_raw(body: Any, path: tuple[str, ...], raw: str | bytes) -> bytes:
    """The body as JSON, with ``raw`` as it is in the place of one field."""
    changed = copy.deepcopy(body)
    within = changed
    for name in path[:-1]:
        within = within[name]
    within[path[-1]] = "@@"
    literal = raw.encode() if isinstance(raw, str) else raw
    return json.dumps(changed).encode().replace(b'"@@"', literal)


def send(wire: Wire, line: str, body: bytes, *headers: bytes) -> Any:
    length = b"Content-Length: %d" % len(body)
    told = (b"Content-Type: application/json", length, *headers)
    return wire.send(f"{line} HTTP/1.1".encode(), *told, body=body)


@pytest.fixture(scope="module")
def cart(visitor: Callable[..., Shop]) -> str:
    """A cart that is never ordered, as every order for it is wrong."""
    return visitor().filled_cart(**{SKU: 1})


def test_the_bodies_are_right_but_for_what_is_changed(
    wire: Wire, visitor: Callable[..., Shop]
) -> None:
    edit = json.dumps(EDIT).encode()
    answer = send(wire, f"PATCH /api/products/{SKU}/", edit, OPERATOR, b"If-Match: *")
    assert answer.status == 200, answer
    body = json.dumps({**CHECKOUT, "cart": visitor().filled_cart(**{SKU: 1})}).encode()
    assert send(wire, "POST /api/checkout/", body, b"Idempotency-Key: right").status == 201


@pytest.mark.parametrize("path", list(leaves(CHECKOUT)), ids=".".join)
@pytest.mark.parametrize("raw", STRINGS.values(), ids=STRINGS)
def test_checkout_refuses(wire: Wire, cart: str, path: tuple[str, ...], raw: str | bytes) -> None:
    body = with_raw({**CHECKOUT, "cart": cart}, path, raw)
    answer = send(wire, "POST /api/checkout/", body, f"Idempotency-Key: {uuid.uuid4()}".encode())
    assert answer.status in (400, 422), answer
    assert_problem(answer, answer.status)


@pytest.mark.parametrize("path", list(leaves(EDIT)), ids=".".join)
@pytest.mark.parametrize("raw", STRINGS.values(), ids=STRINGS)
def test_an_edit_refuses(wire: Wire, path: tuple[str, ...], raw: str | bytes) -> None:
    if path == ("price", "amount") and raw == "7":
        raw = '"7.001"'  # an amount may be a number
    body = with_raw(EDIT, path, raw)
    answer = send(wire, f"PATCH /api/products/{SKU}/", body, OPERATOR, b"If-Match: *")
    assert answer.status in (400, 422), answer
    assert_problem(answer, answer.status)


@pytest.mark.parametrize("raw", QUANTITIES, ids=lambda raw: raw[:20])
def test_quantities_out_of_line_are_refused(
    wire: Wire, visitor: Callable[..., Shop], cart: str, raw: str
) -> None:
    answer = send(wire, f"PUT /api/carts/{cart}/items/{SKU}/", b'{"quantity": %s}' % raw.encode())
    no_json = raw in ("NaN", "Infinity", r'"\ud800"')
    assert_problem(answer, 400 if no_json else 422)
    assert visitor().cart(cart).json["items"][0]["quantity"] == 1


@pytest.mark.parametrize("name", ["price", "unit_price", "total", "sku", "__proto__", "", "qu\0"])
def test_a_price_sent_along_is_an_unknown_field(wire: Wire, cart: str, name: str) -> None:
    body = json.dumps({"quantity": 1, name: "0.01"}).encode()
    answer = send(wire, f"PUT /api/carts/{cart}/items/{SKU}/", body)
    assert_problem(answer, 422, "invalid")
    assert answer.json["errors"][0]["code"] == "unknown"


@pytest.mark.parametrize(
    "more",
    [
        {"total": {"amount": "0.01", "currency": "GBP"}},
        {"price": "0.01"},
        {"subject": "somebody"},
        {"status": "paid"},
        {"payment": {"provider": "test", "token": "tok_visa", "amount": "0.01"}},
        {"address": {**ADDRESS, "vat": 0}},
    ],
    ids=str,
)
def test_nobody_names_their_own_price(wire: Wire, cart: str, more: dict[str, Any]) -> None:
    body = json.dumps({**CHECKOUT, "cart": cart, **more}).encode()
    answer = send(wire, "POST /api/checkout/", body, b"Idempotency-Key: own-price")
    assert_problem(answer, 422, "invalid")


@pytest.mark.parametrize("field", ["email", "name", "address.line1", "address.city"])
@pytest.mark.parametrize("mark", ["\n", "\r\n", "\r", "\u2028", "\x0b", "\x85", "\t", "\x1b"])
def test_line_breaks_are_refused(wire: Wire, cart: str, field: str, mark: str) -> None:
    text = f"ada@example.com{mark}Bcc: all@example.com"
    body = with_raw({**CHECKOUT, "cart": cart}, tuple(field.split(".")), json.dumps(text))
    answer = send(wire, "POST /api/checkout/", body, b"Idempotency-Key: line-break")
    assert_problem(answer, 422, "invalid")
    assert answer.json["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "body",
    [
        b'{"lines": []}',
        b'{"lines": null}',
        b'{"lines": {}}',
        b'{"lines": ""}',
        b'{"lines": false}',
        b'{"Lines": [{"line": 1, "quantity": 1}]}',
        b'{"line": 1, "quantity": 1}',
        b'{"lines": [[]]}',
        b'{"lines": [{}]}',
        b'{"lines": [null]}',
        b"[]",
        b"null",
        b'""',
        b"0",
        b"false",
        b"[{}]",
        b"{",
        b"\xef\xbb\xbf{}",
        b"{}{}",
        DEEP,
    ],
    ids=lambda body: body.decode("latin-1")[:24],
)
def test_no_mistake_refunds_everything(
    wire: Wire, bought: dict[str, Any], visitor: Callable[..., Shop], body: bytes
) -> None:
    line = f"POST /api/orders/{bought['order']}/refunds/"
    answer = send(wire, line, body, OPERATOR, b"Idempotency-Key: mistake")
    assert answer.status in (400, 422), answer
    assert_problem(answer, answer.status)
    kept = visitor("operator").order(bought["order"]).json
    assert (kept["status"], kept["refunds"]) == ("paid", [])


@pytest.mark.parametrize("raw", QUANTITIES, ids=lambda raw: raw[:20])
def test_refunds_are_of_whole_pieces(
    wire: Wire, visitor: Callable[..., Shop], bought: dict[str, Any], raw: str
) -> None:
    line = visitor("operator").order(bought["order"]).json["lines"][0]["id"]
    body = b'{"lines": [{"line": %d, "quantity": %s}]}' % (line, raw.encode())
    path = f"POST /api/orders/{bought['order']}/refunds/"
    answer = send(wire, path, body, OPERATOR, b"Idempotency-Key: pieces-%d" % len(raw))
    # More pieces than were ever sold is no mistake in form.
    assert answer.status in ((409, 422) if raw in ("10000", "1000000000") else (400, 422)), answer
    assert_problem(answer, answer.status)


@pytest.mark.parametrize(
    "kind",
    [
        b"text/plain",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x",
        b"multipart/form-data",
        b"application/xml",
        b"application/jsonx",
        b"nonsense",
    ],
    ids=bytes.decode,
)
def test_a_body_of_another_kind_is_a_415(wire: Wire, cart: str, kind: bytes) -> None:
    for line in (f"PUT /api/carts/{cart}/items/{SKU}/", "POST /api/carts/"):
        told = (b"Content-Type: " + kind, b"Content-Length: 15")
        answer = wire.send(f"{line} HTTP/1.1".encode(), *told, body=b'{"quantity": 2}')
        assert_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "part", ["%00", "%0a", "%ff%fe", "%ed%a0%80", "..", "%2e%2e", "%2f", "a" * 3000, "'", "%27--"]
)
def test_ids_of_any_bytes_are_404(wire: Wire, cart: str, part: str) -> None:
    lines = (
        f"GET /api/products/{part}/",
        f"PUT /api/carts/{cart}/items/{part}/",
        f"GET /api/carts/{part}/",
        f"GET /api/orders/{part}/",
        f"GET /api/invoices/{part}/",
        f"GET /api/invoices/{part}/pdf/",
        f"GET /api/receipts/{part}/",
    )
    for line in lines:
        answer = send(wire, line, b'{"quantity": 1}', OPERATOR)
        assert_problem(answer, 404, "not-found")


@pytest.mark.parametrize("value", ["%00", "%ff%fe", "%ed%a0%80", "a%0d%0ab", "9" * 5000, "-1"])
@pytest.mark.parametrize("path", ["/cart/add/", "/checkout/", "/accounts/login/"])
def test_forms_of_any_bytes_break_no_page(wire: Wire, path: str, value: str) -> None:
    page = wire.send(b"GET /accounts/login/ HTTP/1.1")
    csrf = form_fields(page.text)["csrfmiddlewaretoken"]
    cookie = page.headers["set-cookie"].partition(";")[0].encode()
    fields = ("sku", "quantity", "next", "email", "name", "line1", "country", "card", "key")
    fields += ("username", "password", "total")
    body = "&".join([f"csrfmiddlewaretoken={csrf}", *(f"{name}={value}" for name in fields)])
    told = (b"Content-Type: application/x-www-form-urlencoded", b"Cookie: " + cookie)
    length = b"Content-Length: %d" % len(body)
    answer = wire.send(f"POST {path} HTTP/1.1".encode(), *told, length, body=body.encode())
    assert answer.status in (200, 302, 400, 404, 422), answer
    assert "//" not in answer.headers.get("location", "")
