"""What the server refuses before a view sees it, and what HTTP asks of slashes and lengths."""

from __future__ import annotations

import gzip

import pytest

from tests.api.wire import Wire, assert_problem

JSON = b"Content-Type: application/json"
FORM = b"Content-Type: application/x-www-form-urlencoded"
LONG = b"a" * 20_000
ID = b"X-Request-ID: theirs"

REFUSED = {
    "a long URL": ((b"GET %s?q=" + LONG + b" HTTP/1.1",), 414, "url-too-long"),
    "a long header": ((b"GET %s HTTP/1.1", b"X-Long: " + LONG), 431, "headers-too-large"),
    "many headers": ((b"GET %s HTTP/1.1", *[b"X-Many: a"] * 500), 431, "headers-too-large"),
    "longer than kept": ((b"GET %s HTTP/1.1", b"X: " + 5 * LONG), 431, "headers-too-large"),
    "two lengths": ((b"POST %s HTTP/1.1", b"Content-Length: 1", b"Content-Length: 2"), 400, ""),
    "a large body": ((b"POST %s HTTP/1.1", b"Content-Length: 99999999"), 413, "too-large"),
    "a coding": ((b"POST %s HTTP/1.1", b"Transfer-Encoding: made-up"), 501, "not-implemented"),
    "an expectation": ((b"GET %s HTTP/1.1", b"Expect: tea"), 417, "expectation-failed"),
}


@pytest.mark.parametrize(("lines", "status", "slug"), REFUSED.values(), ids=REFUSED)
def test_it_is_a_problem_below_the_api_and_a_page_elsewhere(
    wire: Wire, lines: tuple[bytes, ...], status: int, slug: str
) -> None:
    line, *headers = lines
    answer = wire.send(line % b"/api/carts/", ID, *headers)
    assert_problem(answer, status, slug or "bad-request")
    assert answer.headers["x-request-id"] == "theirs"
    page = wire.send(line % b"/cart/", ID, *headers)
    assert page.status == status
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["x-request-id"] == "theirs"


def test_what_has_no_path_is_told_as_it_is_liked(wire: Wire) -> None:
    assert_problem(wire.send(b"GET", b"Accept: application/json"), 400, "bad-request")
    assert wire.send(b"GET").headers["content-type"] == "text/html; charset=utf-8"


def test_an_id_that_is_not_sane_is_made_anew(wire: Wire) -> None:
    answer = wire.send(b"GET /api/carts/ HTTP/1.1", b"X-Request-ID: <script>", b"Expect: tea")
    assert "<" not in answer.headers["x-request-id"]


@pytest.mark.parametrize("method", [b"GET", b"POST", b"PUT", b"DELETE"])
@pytest.mark.parametrize("path", [b"/api/products", b"/api/carts", b"/api/schema", b"/api/docs"])
def test_a_missing_slash_keeps_method_and_body(wire: Wire, method: bytes, path: bytes) -> None:
    answer = wire.send(b"%s %s?page=2 HTTP/1.1" % (method, path), JSON)
    assert (answer.status, answer.headers["location"]) == (308, f"{path.decode()}/?page=2")


def test_pages_and_what_is_not_there_are_as_before(wire: Wire) -> None:
    assert wire.send(b"GET /products HTTP/1.1").status == 301
    assert_problem(wire.send(b"GET /api/nothing HTTP/1.1"), 404)
    assert wire.send(b"GET /api//evil.example/%2e%2e HTTP/1.1").status == 404


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"gzip, identity", b"x-made-up"])
@pytest.mark.parametrize(
    ("path", "kind"), [(b"/api/carts/", JSON), (b"/cart/add/", FORM), (b"/accounts/login/", FORM)]
)
def test_a_packed_body_is_a_415(wire: Wire, path: bytes, kind: bytes, coding: bytes) -> None:
    body = gzip.compress(b"{}")
    told = (kind, b"Content-Encoding: " + coding)
    for framed, sent in (
        (b"Content-Length: %d" % len(body), body),
        (b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)),
    ):
        answer = wire.send(b"POST %s HTTP/1.1" % path, *told, framed, body=sent)
        assert_problem(answer, 415, "unsupported-coding")
        assert answer.headers["accept-encoding"] == "identity"


def test_a_body_as_it_is_may_say_so(wire: Wire) -> None:
    told = (JSON, b"Content-Encoding: Identity", b"Content-Length: 2")
    assert wire.send(b"POST /api/carts/ HTTP/1.1", *told, body=b"{}").status == 201


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
@pytest.mark.parametrize(
    ("path", "validator", "condition"),
    [
        (b"/api/products/BK-401/", "etag", b"If-None-Match"),
        (b"/static/shop/admin.css", "last-modified", b"If-Modified-Since"),
    ],
)
def test_a_304_says_nothing_of_a_length(
    wire: Wire, method: bytes, path: bytes, validator: str, condition: bytes
) -> None:
    line = b"%s %s HTTP/1.1" % (method, path)
    known = condition + b": " + wire.send(line).headers[validator].encode()
    answer = wire.send(line, known)
    assert answer.status == 304
    assert "content-length" not in answer.headers
