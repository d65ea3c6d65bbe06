"""Which instance a path reaches, however it is spelt."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from shop.routes import APP_LABELS
from tests.gateway.conftest import Gateway
from tests.gateway.upstream import Upstream
from tests.gateway.wire import ask, raw
from tests.nginx_server import peer

Start = Callable[..., Upstream]


@pytest.fixture
def shop(gateway: Gateway, upstream: Start) -> dict[str, Upstream]:
    roles = ("home", "identity", *APP_LABELS)
    instances = {role: upstream(role) for role in roles}
    gateway.place(*instances.values())
    return instances


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/", "home"),
        ("/accounts/login/", "home"),
        ("/api/schema/", "home"),
        ("/products/", "product"),
        ("/products/a-mug/?page=2", "product"),
        ("/api/products/BK-401/", "product"),
        ("/api/carts/", "payment"),
        ("/checkout/", "payment"),
        ("/invoices/2026-000001.pdf", "invoice"),
        ("/api/receipts/", "receipt"),
        ("/Products/", "home"),
        ("/productsandmore/", "home"),
    ],
)
def test_each_app_gets_what_is_below_its_prefixes(
    gateway: Gateway, shop: dict[str, Upstream], path: str, role: str
) -> None:
    assert ask(gateway.port, path).status == 200
    assert {name: len(each.received) for name, each in shop.items() if each.received} == {role: 1}
    assert shop[role].received[0].path == path


@pytest.mark.parametrize(
    "path",
    [
        "/products/caf%C3%A9/",
        "/products/a%2Eb/?next=%2Finternal%2F//..#",
        "/products/.well/...x/",
        "/products/%61+b/;x",
    ],
)
def test_an_instance_gets_the_path_as_it_was_sent(
    gateway: Gateway, shop: dict[str, Upstream], path: str
) -> None:
    assert ask(gateway.port, path).status == 200
    assert shop["product"].received[0].path == path


@pytest.mark.parametrize(
    "path",
    [
        "/internal/", "/internal", "/internal/call/product/x/", "/internal?x=/products/",
        "/identity/", "/identity", "//internal/", "/./internal/", "/products/../internal/",
        "/products/%2e%2e/internal/", "/products/%2E./internal/", "/products/..%2finternal/",
        "/products/..%2Finternal%2fcall/", "/%69nternal/", "/inter%6eal%2fcall/x",
        "/%2finternal/", "/internal;x=1/", "/internal%3b/", "/internal/../internal/",
        "/a/b/../../internal/x", "/products/%2e%2e%2finternal/", "/internal%2f", "/internal%20/",
        "/_identity", "/static/../internal/", "/static/%2e%2e/identity/", "/internal#/products/",
        "/products//../internal/", "/products/media/../../internal/",
    ],
)  # fmt: skip
def test_the_way_between_instances_is_closed_by_any_spelling(
    gateway: Gateway, shop: dict[str, Upstream], path: str
) -> None:
    for target in (path, f"http://127.0.0.1:{gateway.port}{path}"):
        got = raw(gateway.port, f"GET {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close")
        assert got.status == 404, target
    assert [one.line for each in shop.values() for one in each.received] == []


@pytest.mark.parametrize("path", ["/INTERNAL/", "/products/..;/internal/", "/%5cinternal/"])
def test_what_only_resembles_it_is_just_another_path(
    gateway: Gateway, shop: dict[str, Upstream], path: str
) -> None:
    raw(gateway.port, f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close")
    got = [one.path for each in shop.values() for one in each.received]
    assert got == [path]
    assert not shop["identity"].received


@pytest.mark.parametrize(
    "path",
    [
        "/products/../cart/", "/cart/..%2fproducts/", "/cart//", "//cart/", "/cart/./x",
        "/products/a%2Fb/", "/cart/.", "/cart/%2E%2e?x", "/products/%2e%2e/cart/",
        "/api/../products/", "/products/#/../cart/",
    ],
)  # fmt: skip
def test_a_path_that_nginx_and_an_instance_would_read_differently_reaches_nobody(
    gateway: Gateway, shop: dict[str, Upstream], path: str
) -> None:
    got = raw(gateway.port, f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close")
    assert got.status == 404
    assert [one.line for each in shop.values() for one in each.received] == []


def test_a_path_above_the_root_is_400(gateway: Gateway, shop: dict[str, Upstream]) -> None:
    got = raw(gateway.port, "GET /../internal/ HTTP/1.1", "Host: a", "Connection: close")
    assert got.status == 400


def test_below_the_api_what_is_missing_is_a_problem(
    gateway: Gateway, shop: dict[str, Upstream]
) -> None:
    got = raw(gateway.port, "GET /api/products//x/ HTTP/1.1", "Host: a", "Connection: close")
    assert (got.status, got.problem["type"]) == (404, "/problems/not-found")


def test_a_slash_that_is_missing_is_added_without_naming_the_gateway(
    gateway: Gateway, shop: dict[str, Upstream]
) -> None:
    got = ask(gateway.port, "/products?page=2")
    assert (got.status, got.headers["Location"]) == (301, "/products/?page=2")


@pytest.mark.parametrize(
    ("refused", "status"), [("/cart//x", 404), ("/internal/", 404), ("/invoices/", 503)]
)
def test_the_body_of_a_refused_request_is_not_taken_for_the_next_one(
    gateway: Gateway, shop: dict[str, Upstream], refused: str, status: int
) -> None:
    gateway.push({"product": [peer(shop["product"].port)]})  # and nobody for invoices
    inner = b"GET /products/smuggled/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    first = f"POST {refused} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(inner)}\r\n\r\n"
    second = b"GET /products/next/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=15) as connection:
        connection.sendall(first.encode() + inner + second)
        said = b""
        while chunk := connection.recv(65536):
            said += chunk
    assert said.startswith(b"HTTP/1.1 %d" % status)
    assert [each.path for each in shop["product"].received] == ["/products/next/"]
