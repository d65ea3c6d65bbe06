"""What nginx itself refuses is told as the shop tells it: problems for the API, else pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings

from tests.gateway.conftest import Gateway
from tests.gateway.upstream import Upstream
from tests.gateway.wire import Answer, ask, raw

LARGE = "X-Large: " + "a" * 40_000
HOST = ("Host: a", "Connection: close")
REFUSED = {
    "no host": (("GET {} HTTP/1.1", "Connection: close"), 400, "bad-request"),
    "two hosts": (("GET {} HTTP/1.1", *HOST, "Host: b"), 400, "bad-request"),
    "a bad length": (("POST {} HTTP/1.1", *HOST, "Content-Length: x"), 400, "bad-request"),
    "a method": (("TRACE {} HTTP/1.1", *HOST), 405, "method-not-allowed"),
    "a large header": (("GET {} HTTP/1.1", *HOST, LARGE), 431, "headers-too-large"),
    "a coding": (("POST {} HTTP/1.1", *HOST, "Transfer-Encoding: made-up"), 501, "not-implemented"),
}


@pytest.mark.parametrize(("lines", "status", "slug"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_a_problem_below_the_api_and_a_page_elsewhere(
    gateway: Gateway, lines: tuple[str, ...], status: int, slug: str
) -> None:
    for path, kind in (("/api/carts/", "application/problem+json"), ("/cart/", "text/html")):
        line, *headers = lines
        got = raw(gateway.port, line.format(path), "X-Request-ID: theirs", *headers)
        assert got.status == status
        assert got.headers["Content-Type"].startswith(kind)
        assert got.headers["X-Request-ID"] == "theirs"
        assert b"nginx" not in got.body
        if kind != "text/html":
            assert (got.problem["type"], got.problem["status"]) == (f"/problems/{slug}", status)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(
    "line",
    ["GET", "GET /api/carts/ HTTP/9.9", "\x16\x03\x01", "GET /" + "a" * 40_000 + " HTTP/1.1"],
    ids=["cut", "9.9", "TLS", "long"],
)
def test_what_has_no_path_is_told_as_it_is_liked(gateway: Gateway, line: str, accept: str) -> None:
    got = raw(gateway.port, line, *HOST, f"Accept: {accept}")
    assert got.status in (400, 414, 505)
    assert b"nginx" not in got.body
    assert got.headers["X-Request-ID"]


def test_a_long_url_or_header_is_for_an_instance_to_refuse(
    gateway: Gateway, upstream: Callable[..., Upstream]
) -> None:
    home = upstream("home")
    gateway.place(home)
    long = "a" * 20_000
    assert ask(gateway.port, f"/api/schema/?q={long}").status == 200
    assert ask(gateway.port, "/api/schema/", X_Long=long).status == 200


@pytest.mark.parametrize("route", settings.EXTRACT_ROUTES, ids=lambda route: route.app)
def test_a_missing_slash_keeps_method_and_body(gateway: Gateway, route: object) -> None:
    for prefix in route.prefixes:  # type: ignore[attr-defined]
        if prefix.startswith("/api/"):
            got: Answer = ask(
                gateway.port, prefix.removesuffix("/") + "?a=b", method="POST", body=b"{}"
            )
            assert (got.status, got.headers["Location"]) == (308, prefix + "?a=b")
