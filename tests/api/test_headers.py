"""Headers that pretend, headers that are malformed, and headers that make a request special."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import ACCOUNTS, SKU
from tests.api.wire import Wire, assert_problem, basic
from tests.scenarios.shop import Shop

ADA, OPERATOR = basic(*ACCOUNTS["ada"]), basic(*ACCOUNTS["operator"])
JSON = b"Content-Type: application/json"
ORDERS = b"GET /api/orders/ HTTP/1.1"
TOKEN = b"eyJhbGciOiJub25lIn0.eyJzdWIiOiJzdGFmZiIsInJvbGVzIjpbInN0YWZmIl19."

PRETENCES = {
    "X-Identity": (b"X-Identity: " + TOKEN,),
    "two": (b"X-Identity: " + TOKEN, b"X-Identity: operator"),
    "underscores": (b"X_Identity: " + TOKEN,),
    "odd case": (b"x-IDENTITY: " + TOKEN, b"X-identity: " + TOKEN),
    "all": (b"X_IDENTITY: " + TOKEN, b"x-identity: " + TOKEN, b"HTTP_X_IDENTITY: " + TOKEN),
    "Remote-User": (b"Remote-User: operator@example.com", b"REMOTE_USER: operator@example.com"),
    "X-Remote-User": (b"X-Remote-User: operator@example.com", b"X-Roles: staff"),
    "X-Original-URI": (b"X-Original-URI: /", b"X-Original-URL: /", b"X-Rewrite-URL: /"),
    "SCRIPT_NAME": (b"SCRIPT_NAME: /api/orders", b"Script-Name: /api/orders"),
    "PATH_INFO": (b"PATH_INFO: /api/products/", b"Path-Info: /api/products/"),
    "X-Forwarded-For": (b"X-Forwarded-For: 127.0.0.1", b"X-Real-IP: 127.0.0.1"),
}
pretended = pytest.mark.parametrize("headers", PRETENCES.values(), ids=PRETENCES)


@pretended
def test_nobody_stays_nobody(wire: Wire, headers: tuple[bytes, ...]) -> None:
    assert_problem(wire.send(ORDERS, *headers), 401, "not-authenticated")


@pretended
def test_callers_keep_the_rights_they_have(
    wire: Wire, bought: dict[str, Any], headers: tuple[bytes, ...]
) -> None:
    assert wire.send(ORDERS, ADA, *headers).status == 200
    another = f"GET /api/orders/{bought['order']}/ HTTP/1.1".encode()
    assert_problem(wire.send(another, ADA, *headers), 404)
    edit = f"PATCH /api/products/{SKU}/ HTTP/1.1".encode()
    body = (JSON, b"If-Match: *", b"Content-Length: 2")
    assert_problem(wire.send(edit, ADA, *headers, *body, body=b"{}"), 403, "forbidden")
    assert wire.send(edit, OPERATOR, *headers, *body, body=b"{}").status == 200
    assert wire.send(another, OPERATOR, *headers).status == 200


FORWARDED = (
    b"X-Forwarded-Host: evil.example",
    b"X-Forwarded-Proto: https",
    b"X-Forwarded-Port: 444",
    b"X-Forwarded-For: 203.0.113.9",
    b"X-Forwarded-Prefix: /evil",
    b"Forwarded: host=evil.example;proto=https",
    b"SCRIPT_NAME: /evil",
    b"X-Script-Name: /evil",
)


def test_links_and_redirects_are_of_the_host_that_was_asked(wire: Wire) -> None:
    page = wire.send(b"GET /api/products/?page=1 HTTP/1.1", *FORWARDED)
    assert page.json["next"] == f"{wire.base_url}/api/products/?page=2"
    for path in (b"/", b"/accounts/login/", b"/products/", b"/orders/", b"/products"):
        answer = wire.send(b"GET %s HTTP/1.1" % path, *FORWARDED)
        assert answer.status in (200, 301, 302)
        assert b"evil" not in answer.body
        assert "evil" not in str(answer.headers)
        assert answer.headers.get("location", "/").startswith("/")


def test_a_cookie_is_no_more_secure_because_a_header_says_so(wire: Wire) -> None:
    plain = wire.send(b"GET /accounts/login/ HTTP/1.1").headers["set-cookie"]
    claimed = wire.send(b"GET /accounts/login/ HTTP/1.1", *FORWARDED).headers["set-cookie"]
    assert ("secure" in claimed.lower()) == ("secure" in plain.lower())


@pytest.mark.parametrize(
    "line",
    [
        b"GET /api/products/NONE/",
        b"GET /api/products/",
        b"POST /api/orders/",
        b"GET /api/orders/",
        b"GET /nothing/",
        b"GET /",
        b"GET /static/nothing.css",
        b"GET /api/schema/?%00",
    ],
    ids=bytes.decode,
)
def test_every_answer_has_an_id(wire: Wire, line: bytes) -> None:
    sane = b"X-Request-ID: Order-7.retry_2"
    assert wire.send(line + b" HTTP/1.1", sane).headers["x-request-id"] == "Order-7.retry_2"
    made = {wire.send(line + b" HTTP/1.1").headers["x-request-id"] for _ in range(2)}
    assert len(made - {""}) == 2


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b" ",
        b"a b",
        b"a" * 129,
        b"caf\xc3\xa9",
        b"<script>",
        b"a,b",
        b'"quoted"',
        b"a;b",
        b"%0a",
    ],
    ids=repr,
)
def test_an_id_that_is_not_sane_is_replaced(wire: Wire, sent: bytes) -> None:
    answer = wire.send(b"GET /api/products/NONE/ HTTP/1.1", b"X-Request-ID: " + sent)
    assert answer.headers["x-request-id"] not in ("", sent.decode("latin-1"))
    assert answer.headers["x-request-id"].isascii()


@pytest.mark.parametrize("traceparent", [b"", b"00-zz", b"00-" + b"0" * 32 + b"-x", b"\xff" * 55])
def test_a_malformed_trace_is_no_hindrance(wire: Wire, traceparent: bytes) -> None:
    answer = wire.send(b"GET /api/products/ HTTP/1.1", b"traceparent: " + traceparent)
    assert answer.status == 200


@pytest.mark.parametrize(
    "condition",
    [b"nonsense", b'"', b'""', b'"1-999"', b'W/"1-1"', b"\xff\xfe", b"*, *", b'"a' * 500, b",,,"],
    ids=lambda condition: repr(condition)[:16],
)
def test_a_condition_that_does_not_hold_is_a_412(wire: Wire, condition: bytes) -> None:
    path = f"/api/products/{SKU}/ HTTP/1.1".encode()
    body = (JSON, b"Content-Length: 14", b"If-Match: " + condition)
    answer = wire.send(b"PATCH " + path, OPERATOR, *body, body=b'{"name": "No"}')
    assert_problem(answer, 412, "version-stale")
    assert wire.send(b"GET " + path, b"If-None-Match: " + condition).status == 200


@pytest.mark.parametrize("condition", [(), (b"If-Match:",), (b"If-Match:   ",)])
def test_an_edit_without_a_condition_is_a_428(wire: Wire, condition: tuple[bytes, ...]) -> None:
    path = f"PATCH /api/products/{SKU}/ HTTP/1.1".encode()
    answer = wire.send(path, OPERATOR, JSON, b"Content-Length: 2", *condition, body=b"{}")
    assert_problem(answer, 428, "version-required")


KEYS = {
    "none": ((), "idempotency-key-missing"),
    "empty": ((b"Idempotency-Key:",), "idempotency-key-missing"),
    "blank": ((b"Idempotency-Key:    ",), "idempotency-key-missing"),
    "underscores": ((b"Idempotency_Key: key",), "idempotency-key-missing"),
    "too long": ((b"Idempotency-Key: " + b"k" * 256,), "idempotency-key-malformed"),
    "far too long": ((b"Idempotency-Key: " + b"k" * 5000,), "idempotency-key-malformed"),
    "no ASCII": (("Idempotency-Key: schlüssel".encode(),), "idempotency-key-malformed"),
    "tab": ((b"Idempotency-Key: a\tb",), "idempotency-key-malformed"),
    "DEL": ((b"Idempotency-Key: a\x7fb",), "idempotency-key-malformed"),
}


@pytest.mark.parametrize(("headers", "slug"), KEYS.values(), ids=KEYS)
def test_the_key_is_looked_at_before_anything_else(
    wire: Wire, headers: tuple[bytes, ...], slug: str
) -> None:
    for path, who in ((b"checkout", ADA), (b"orders/%s/refunds" % (b"0" * 32), OPERATOR)):
        for body in (b"{", b"{}", b'{"unknown": 1}'):
            told = (who, JSON, b"Content-Length: %d" % len(body), *headers)
            answer = wire.send(b"POST /api/%s/ HTTP/1.1" % path, *told, body=body)
            by_server = bool(headers) and b"\x7f" in headers[0]
            assert_problem(answer, 400, "bad-request" if by_server else slug)


def test_a_key_of_255_characters_is_a_key(wire: Wire, visitor: Callable[..., Shop]) -> None:
    shop = visitor()
    key = str(uuid.uuid4()).ljust(255, "~")
    cart = shop.filled_cart(**{SKU: 1})
    first, again = shop.checkout(cart, key=key), shop.checkout(cart, key=key)
    assert first.status == again.status == 201
    assert json.loads(first.body) == json.loads(again.body)


@pytest.mark.parametrize(
    "credential",
    [
        b"Basic",
        b"Basic !!!",
        b"Basic YWJj",
        b"Basic " + b"A" * 4000,
        b"Basic \xff\xfe",
        b"basic b3BlcmF0b3JAZXhhbXBsZS5jb206AA==",
        basic("operator@example.com", "wrong").partition(b": ")[2],
        basic("\0", "\0").partition(b": ")[2],
        basic("operator@example.com' OR 1=1 --", "x").partition(b": ")[2],
    ],
    ids=lambda credential: repr(credential)[:24],
)
def test_a_wrong_credential_is_a_401(wire: Wire, credential: bytes) -> None:
    header = b"Authorization: " + credential
    assert_problem(wire.send(ORDERS, header), 401, "wrong-credential")
    assert_problem(wire.send(b"GET /api/products/ HTTP/1.1", header), 401, "wrong-credential")


@pytest.mark.parametrize("scheme", [b"Bearer " + TOKEN, b"Digest x", b"Negotiate x", b"x", b""])
def test_a_scheme_that_is_not_offered_is_nobodys(wire: Wire, scheme: bytes) -> None:
    assert_problem(wire.send(ORDERS, b"Authorization: " + scheme), 401, "not-authenticated")


@pytest.mark.parametrize(
    "cookie",
    [
        b"sessionid=nonsense",
        b"sessionid=\xff\xfe",
        b"sessionid=" + b"a" * 4000,
        b"sessionid=../../etc/passwd; csrftoken=<script>",
        b"messages=nonsense; cart=nonsense",
        b";;;=;a",
        b'sessionid="\\000"; cart=""',
    ],
    ids=lambda cookie: repr(cookie)[:24],
)
def test_a_cookie_of_any_bytes_is_nobodys(wire: Wire, cookie: bytes) -> None:
    assert_problem(wire.send(ORDERS, b"Cookie: " + cookie), 401)
    for path in (b"/", b"/cart/", b"/checkout/", b"/orders/", b"/accounts/profile/"):
        assert wire.send(b"GET %s HTTP/1.1" % path, b"Cookie: " + cookie).status in (200, 302)


@pytest.mark.parametrize("accept", [b"text/html", b"application/xml", b"nonsense", b"a/b;q=x, ,"])
def test_the_form_of_an_error_is_always_the_same(wire: Wire, accept: bytes) -> None:
    answer = wire.send(b"GET /api/products/NONE/ HTTP/1.1", b"Accept: " + accept)
    assert_problem(answer, answer.status)
    assert answer.status in (404, 406)
