"""What an instance is told of the client, and what a client cannot make it believe."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from extract.gateway.render import CLEARED
from tests.gateway.conftest import Gateway
from tests.gateway.upstream import Received, Reply, Upstream
from tests.gateway.wire import ask, raw

Start = Callable[..., Upstream]


@pytest.fixture
def home(upstream: Start) -> Upstream:
    return upstream("home")


@pytest.fixture
def product(gateway: Gateway, upstream: Start, home: Upstream) -> Upstream:
    started = upstream("product")
    identity = upstream("identity", behave=lambda _: Reply(204, {"X-Identity": "the token"}))
    gateway.place(started, home, identity)
    return started


def reached(gateway: Gateway, product: Upstream, *lines: str) -> Received:
    """The request as the instance gets it when these header lines came in."""
    got = raw(
        gateway.port, "GET /products/ HTTP/1.1", "Host: shop.example", "Connection: close", *lines
    )
    assert got.status == 200
    return product.received[-1]


@pytest.mark.parametrize("name", sorted({*CLEARED, "X-Identity"} - {"Authorization"}))
def test_what_only_processes_may_say_is_dropped(
    gateway: Gateway, product: Upstream, name: str
) -> None:
    value = "gzip" if name == "TE" else "forged"
    got = reached(gateway, product, f"{name}: {value}", f"{name.lower()}: {value}")
    assert got.all(name) == []


@pytest.mark.parametrize(
    "name", ["X-Gateway-Pass", "X-Forwarded-For", "X-Forwarded-Proto", "X-Request-ID"]
)
def test_what_the_gateway_says_itself_is_said_once(
    gateway: Gateway, product: Upstream, name: str
) -> None:
    got = reached(gateway, product, f"{name}: for ged", f"{name.upper()}: for ged too")
    assert len(got.all(name)) == 1
    assert "for ged" not in (got.one(name) or "")


@pytest.mark.parametrize(
    "line",
    [
        "X_Identity: forged", "x_identity: forged", "X_Gateway_Pass: forged",
        "X-Identity : forged", "X_FORWARDED_FOR: 9.9.9.9", "X.Identity: forged",
        "Remote_User: forged", "SCRIPT_NAME: /forged", "PATH_INFO: /forged",
    ],
)  # fmt: skip
def test_an_odd_name_is_no_way_around(gateway: Gateway, product: Upstream, line: str) -> None:
    raw(gateway.port, "GET /products/ HTTP/1.1", "Host: a", "Connection: close", line)
    for got in product.received:
        assert "forged" not in str(got.headers)
        assert "9.9.9.9" not in str(got.headers)


@pytest.mark.parametrize(
    "lines",
    [
        ["X-Identity: forged"],
        ["X-Identity: forged", "X-Identity: forged twice"],
        ["X_Identity: forged"],
    ],
)
def test_a_forged_identity_gives_way_to_the_real_one(
    gateway: Gateway, product: Upstream, lines: list[str]
) -> None:
    got = reached(gateway, product, *lines, "Cookie: sessionid=a-real-one")
    assert got.all("X-Identity") == ["the token"]


def test_an_instance_learns_the_clients_address_scheme_and_host(
    gateway: Gateway, product: Upstream
) -> None:
    got = reached(gateway, product, "X-Forwarded-For: 9.9.9.9")
    assert got.one("X-Forwarded-For") == "127.0.0.1"
    assert got.one("X-Forwarded-Proto") == "http"
    assert got.one("Host") == "shop.example"
    assert got.line.endswith("HTTP/1.1")


def test_each_role_is_shown_its_own_pass(
    gateway: Gateway, product: Upstream, home: Upstream
) -> None:
    ask(gateway.port, "/products/")
    ask(gateway.port, "/")
    assert product.received[0].one("X-Gateway-Pass") == "pass-for-product"
    assert home.received[0].one("X-Gateway-Pass") == "pass-for-home"


@pytest.mark.parametrize(
    ("sent", "left"),
    [
        ("cart=7; sessionid=secret; csrftoken=x", "cart=7; csrftoken=x"),
        ("sessionid=secret", None),
        ("a=1;sessionid =secret;b=2", "a=1; b=2"),
        ("sessionid=secret; sessionid=secret2; a=1", "a=1"),
        ("not_sessionid=1; sessionid2=2", "not_sessionid=1; sessionid2=2"),
        ("a=sessionid; b", "a=sessionid; b"),
    ],
)
def test_an_app_gets_every_cookie_but_the_session(
    gateway: Gateway, product: Upstream, sent: str, left: str | None
) -> None:
    assert reached(gateway, product, f"Cookie: {sent}").one("Cookie") == left


def test_home_gets_the_session_too_and_nobody_the_password(
    gateway: Gateway, product: Upstream, home: Upstream
) -> None:
    for path in ("/accounts/profile/", "/products/"):
        ask(gateway.port, path, Cookie="sessionid=s; a=1", Authorization="Basic Zm9vOmJhcg==")
    assert home.received[0].one("Cookie") == "sessionid=s; a=1"
    assert product.received[0].one("Cookie") == "a=1"
    assert home.received[0].all("Authorization") == product.received[0].all("Authorization") == []


def test_a_sane_request_id_is_kept_and_answered(gateway: Gateway, product: Upstream) -> None:
    got = ask(gateway.port, "/products/", X_Request_ID="order:42/a")
    assert got.headers.get_all("X-Request-ID") == ["order:42/a"]
    assert product.received[0].one("X-Request-ID") == "order:42/a"


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "a\tb", "<script>"])
def test_another_one_is_made_anew(gateway: Gateway, product: Upstream, sent: str) -> None:
    got = ask(gateway.port, "/products/", X_Request_ID=sent)
    assert re.fullmatch("[0-9.-]{10,60}", got.headers["X-Request-ID"])
    assert product.received[0].one("X-Request-ID") == got.headers["X-Request-ID"]


def test_what_an_instance_answers_passes_but_for_what_would_steer_the_gateway(
    gateway: Gateway, product: Upstream
) -> None:
    product.behave = lambda _: Reply(
        201,
        {
            "X-Served-By": "product/a", "Set-Cookie": "cart=1", "X-Identity": "leaked",
            "X-Accel-Redirect": "/_identity", "X-Request-ID": "its own",
        },
    )  # fmt: skip
    got = ask(gateway.port, "/products/", Cookie="sessionid=s")
    assert (got.status, got.body) == (201, b"fine")
    assert (got.headers["X-Served-By"], got.headers["Set-Cookie"]) == ("product/a", "cart=1")
    assert "X-Identity" not in got.headers
    assert got.headers.get_all("X-Request-ID") == [product.received[0].one("X-Request-ID")]


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 3", "Content-Length: 30"],
        ["Content-Length: 3", "Content-Length: 3"],
        ["Content-Length: 3", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 3"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Content-Length: -3"],
        ["Content-Length: 3x"],
        ["Host: another"],
        ["Authorization: Basic YTph", "Authorization: Basic Yjpi"],
    ],
)
def test_a_request_that_could_be_read_in_two_ways_is_refused(
    gateway: Gateway, product: Upstream, lines: list[str]
) -> None:
    got = raw(
        gateway.port, "POST /products/ HTTP/1.1", "Host: a", "Connection: close", *lines,
        body=b"0\r\n\r\nGET /products/smuggled/ HTTP/1.1\r\nHost: a\r\n\r\n",
    )  # fmt: skip
    assert got.status in (400, 501)
    assert not product.received


def test_a_chunked_body_reaches_the_instance_with_a_length(
    gateway: Gateway, product: Upstream
) -> None:
    got = raw(
        gateway.port, "POST /products/ HTTP/1.1", "Host: a", "Transfer-Encoding: chunked",
        "Connection: close", body=b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    )  # fmt: skip
    assert got.status == 200
    assert product.received[0].body == b"abcde"
    assert product.received[0].all("Transfer-Encoding") == []


def test_without_a_host_nothing_is_passed_on(gateway: Gateway, product: Upstream) -> None:
    assert raw(gateway.port, "GET /products/ HTTP/1.0").status == 400
    assert raw(gateway.port, "GET /products/ HTTP/1.1", "Host:", "Connection: close").status == 400
    assert not product.received


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_limit_is_413(gateway: Gateway, product: Upstream, chunked: bool) -> None:
    size = 20 * 1024 * 1024 + 1
    if chunked:
        how, body = "Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"x" * size)
    else:
        how, body = f"Content-Length: {size}", b""
    got = raw(gateway.port, "POST /api/products/ HTTP/1.1", "Host: a", how, body=body)
    assert (got.status, got.problem["type"]) == (413, "/problems/too-large")
    assert not product.received


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_304_says_nothing_of_a_length(gateway: Gateway, product: Upstream, method: str) -> None:
    product.behave = lambda _: Reply(304, {"ETag": '"1"'}, b"")
    got = ask(gateway.port, "/api/products/A/", method=method, If_None_Match='"1"')
    assert (got.status, got.headers["Content-Length"]) == (304, None)
