"""What a request is made of: lengths, chunks, methods, versions, hosts, and more than fits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import order
from tests.api.wire import Wire, assert_problem, basic
from tests.scenarios.shop import Shop

JSON = b"Content-Type: application/json"
POST = b"POST /api/carts/ HTTP/1.1"
CHUNKED = b"Transfer-Encoding: chunked"
OPERATOR = basic("operator@example.com", "operator-demo")
LIMIT = 1024 * 1024


def chunks(body: bytes, size: int = 65536) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])


@pytest.mark.parametrize(
    "headers",
    [
        (b"Content-Length: 2", b"Content-Length: 3"),
        (b"Content-Length: 2", b"Content-Length: 2"),
        (b"Content-Length: 2", CHUNKED),
        (CHUNKED, b"Content-Length: 2"),
        (b"Content-Length: -2",),
        (b"Content-Length: +2",),
        (b"Content-Length: 2, 2",),
        (b"Content-Length: 0x2",),
        (b"Content-Length: 2", b"X-Split: a\x00b"),
        (b"Content-Length: 2", b"X Spaced: a"),
        (b"Content-Length : 2",),
        (b"Content-Length: 2", b" folded: a"),
    ],
    ids=lambda headers: " ".join(line.decode("latin-1") for line in headers),
)
def test_a_body_of_doubtful_length_is_a_400(wire: Wire, headers: tuple[bytes, ...]) -> None:
    assert wire.send(POST, JSON, *headers, body=b"{}").status == 400


def test_an_unknown_transfer_coding_is_refused(wire: Wire) -> None:
    answer = wire.send(POST, JSON, b"Transfer-Encoding: identity, made-up", body=b"{}")
    assert answer.status in (400, 501)


def test_a_body_in_chunks_is_taken_like_any_other(wire: Wire, visitor: Callable[..., Shop]) -> None:
    """Were it dropped, a refund of one piece would be one of everything."""
    operator = visitor("operator")
    bought = order(visitor())["order"]
    line = operator.order(bought).json["lines"][0]["id"]
    path = f"POST /api/orders/{bought}/refunds/ HTTP/1.1".encode()
    keyed = (OPERATOR, JSON, CHUNKED, b"Idempotency-Key: in-chunks")
    nothing = wire.send(path, *keyed, body=chunks(b'{"lines": []}'))
    assert_problem(nothing, 422, "invalid")
    body = json.dumps({"lines": [{"line": line, "quantity": 1}]}).encode()
    assert wire.send(path, *keyed, body=chunks(body, size=7)).status == 201
    assert operator.order(bought).json["lines"][0]["refunded_quantity"] == 1


@pytest.mark.parametrize("body", [b"zz\r\n{}\r\n0\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n", b"2\r\n{}xx"])
def test_malformed_chunks_are_a_400(wire: Wire, body: bytes) -> None:
    assert_problem(wire.send(POST, JSON, CHUNKED, body=body), 400, "bad-request")


def test_an_oversized_body_is_a_413(wire: Wire) -> None:
    body = b" " * (LIMIT + 1)
    length = b"Content-Length: %d" % len(body)
    assert_problem(wire.send(POST, JSON, length, body=body), 413, "too-large")
    assert_problem(wire.send(POST, JSON, CHUNKED, body=chunks(body)), 413, "too-large")
    form = b"Content-Type: application/x-www-form-urlencoded"
    assert wire.send(b"POST /cart/add/ HTTP/1.1", form, length, body=body).status == 413


def test_a_body_of_the_largest_size_is_taken(wire: Wire) -> None:
    body = b"{" + b" " * (LIMIT - 2) + b"}"
    length = b"Content-Length: %d" % len(body)
    assert wire.send(POST, JSON, length, body=body).status == 201
    assert wire.send(POST, JSON, CHUNKED, body=chunks(body)).status == 201


@pytest.mark.parametrize(
    "host", [b"evil.example", b"127.0.0.1.evil.example", b"127.0.0.1@evil.example", b"[", b"a b"]
)
@pytest.mark.parametrize("path", [b"/api/products/", b"/", b"/accounts/login/", b"/admin/"])
def test_another_host_is_a_400(wire: Wire, host: bytes, path: bytes) -> None:
    answer = wire.send(b"GET %s HTTP/1.1" % path, host=host)
    assert answer.status == 400
    assert b"evil" not in answer.body
    if path.startswith(b"/api/"):
        assert_problem(answer, 400, "bad-request")


def test_two_hosts_are_a_400(wire: Wire) -> None:
    assert wire.send(b"GET /api/products/ HTTP/1.1", b"Host: evil.example").status == 400


def test_a_host_in_the_request_line_is_not_believed(wire: Wire) -> None:
    answer = wire.send(b"GET http://evil.example/api/products/ HTTP/1.1")
    assert b"evil" not in answer.body


# A server may take lower case for no method at all; of pages, a token is asked for first.
NOT_OFFERED = {b"get": (405, 400), b"/": (403,)}


@pytest.mark.parametrize("method", [b"TRACE", b"PUT", b"DELETE", b"FOO", b"get", b"POST"])
@pytest.mark.parametrize("path", [b"/api/products/", b"/api/orders/", b"/api/schema/", b"/"])
def test_a_method_that_is_not_offered_is_a_405(wire: Wire, method: bytes, path: bytes) -> None:
    answer = wire.send(b"%s %s HTTP/1.1" % (method, path), OPERATOR, b"X-Secret: told", JSON)
    assert answer.status in NOT_OFFERED.get(method, (405,)) + NOT_OFFERED.get(path, ())
    assert b"told" not in answer.body
    if path.startswith(b"/api/") and answer.status == 405:
        assert_problem(answer, 405, "method-not-allowed")
        assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("name", [b"X-HTTP-Method-Override", b"X-Method-Override", b"_method"])
def test_no_header_changes_the_method(wire: Wire, name: bytes) -> None:
    answer = wire.send(b"POST /api/orders/ HTTP/1.1", OPERATOR, name + b": GET", JSON)
    assert_problem(answer, 405)


@pytest.mark.parametrize("path", [b"/api/products/", b"/", b"/products/", b"/health/live/"])
def test_head_is_get_without_a_body(wire: Wire, path: bytes) -> None:
    answer = wire.send(b"HEAD %s HTTP/1.1" % path)
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("path", ["orders/{order}", "invoices/{invoice}", "receipts/{order}"])
def test_head_and_options_open_nothing(wire: Wire, bought: dict[str, Any], path: str) -> None:
    where = f"/api/{path.format(**bought)}/"
    assert wire.send(f"HEAD {where} HTTP/1.1".encode()).status == 404
    told = wire.send(f"OPTIONS {where} HTTP/1.1".encode())
    made_up = wire.send(b"OPTIONS " + where.replace("0", "1").encode() + b" HTTP/1.1")
    assert (told.status, told.body) == (made_up.status, made_up.body)


def test_http_1_0_is_served(wire: Wire) -> None:
    assert wire.send(b"GET /api/products/ HTTP/1.0").status == 200
    assert_problem(wire.send(b"GET /api/products/NONE/ HTTP/1.0"), 404)


@pytest.mark.parametrize(
    "line",
    [
        b"GET /api/products/",
        b"GET /api/products/ HTTP/9.9",
        b"GET /api/products/\xff/ HTTP/1.1",
        b"GET /api/products/\x00/ HTTP/1.1",
        b"GET",
        b"\x16\x03\x01 TLS",
    ],
    ids=["0.9", "9.9", "bytes", "NUL", "cut", "TLS"],
)
def test_what_is_no_request_line_is_a_400(wire: Wire, line: bytes) -> None:
    answer = wire.send(line)
    assert answer.status in (400, 505)
    assert b"Traceback" not in answer.body


def test_a_url_that_is_too_long_is_refused(wire: Wire) -> None:
    assert wire.send(b"GET /%s HTTP/1.1" % (b"a" * 9000)).status in (400, 414)
    assert_problem(wire.send(b"GET /api/products/%s/ HTTP/1.1" % (b"a" * 3500)), 404)
    assert_problem(wire.send(b"GET /api/products/?search=%s HTTP/1.1" % (b"a" * 3500)), 422)
    assert wire.send(b"GET /products/?search=%s HTTP/1.1" % (b"a" * 3500)).status == 200


def test_too_many_or_too_large_headers_are_refused(wire: Wire) -> None:
    get = b"GET /api/products/ HTTP/1.1"
    assert wire.send(get, b"X-Large: " + b"a" * 20_000).status in (400, 431)
    assert wire.send(get, *[b"X-Many: a"] * 500).status in (400, 431)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (b"search=%00", 400),
        (b"search=%ff%fe", 200),
        (b"search=%ed%a0%80", 200),
        (b"search=%zz&=&&;", 200),
        (b"page=0", 404),
        (b"page=-1", 404),
        (b"page=%C2%B2", 404),
        (b"page=" + b"9" * 3000, 404),
        (b"min_price=NaN", 422),
        (b"min_price=Infinity", 422),
        (b"max_price=1e999", 422),
        (b"max_price=" + b"9" * 3000, 422),
        (b"ordering=password", 422),
        (b"ordering=category__products", 422),
        (b"category=%3Cscript%3E", 422),
    ],
    ids=lambda value: value.decode()[:30] if isinstance(value, bytes) else "",
)
def test_queries_of_any_bytes_have_an_answer(wire: Wire, query: bytes, status: int) -> None:
    answer = wire.send(b"GET /api/products/?%s HTTP/1.1" % query)
    assert answer.status == status
    if status != 200:
        assert_problem(answer, status)
    assert wire.send(b"GET /products/?%s HTTP/1.1" % query).status in (200, 400)
