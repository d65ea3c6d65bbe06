"""Whose word on a client's address and scheme is taken, in the monolith as at the gateway."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from ipaddress import ip_network
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings

from extract.edge import ApiThrottle
from extract.gateway.upstream import ForwardedMiddleware
from extract.identity.bucket import Bucket
from tests import components
from tests.gateway.conftest import Gateway
from tests.gateway.upstream import Upstream

PROXY, STRANGER = "127.0.0.9", "127.0.0.8"
TRUSTED = tuple(map(ip_network, (f"{PROXY}/32", "10.0.0.0/8", "2001:db8::/32")))

hops = pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        (PROXY, "9.9.9.9", "9.9.9.9"),
        (PROXY, "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (PROXY, "6.6.6.6, 9.9.9.9,10.1.2.3", "9.9.9.9"),
        (PROXY, "6.6.6.6, 2001:db9::7, 2001:db8::1", "2001:db9::7"),
        (PROXY, "10.1.2.3", "10.1.2.3"),
        (PROXY, "9.9.9.9:4711", "9.9.9.9"),
        (PROXY, "[2001:db9::7]:4711", "2001:db9::7"),
        (PROXY, "6.6.6.6, nonsense, 10.1.2.3", "10.1.2.3"),
        (PROXY, "nonsense", PROXY),
        (PROXY, "", PROXY),
        (STRANGER, "9.9.9.9", STRANGER),
        (STRANGER, f"9.9.9.9, {PROXY}", STRANGER),
    ],
)
schemes = pytest.mark.parametrize(
    ("peer", "said", "scheme"),
    [
        (PROXY, "https", "https"),
        (PROXY, "http", "http"),
        (PROXY, "https, http", "http"),
        (PROXY, "HTTPS", "https"),
        (STRANGER, "https", "http"),
    ],
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    components.needed("nginx", components.nginx())
    with override_settings(TRUSTED_PROXIES=TRUSTED):
        gateway = Gateway(tmp_path_factory.mktemp("gw"))
    with gateway:
        yield gateway


@pytest.fixture
def seen_behind_it(
    gateway: Gateway, upstream: Callable[..., Upstream]
) -> Callable[..., tuple[str | None, str | None]]:
    """What home is told of a request with such headers from such a peer."""
    home = upstream("home")
    gateway.place(home)

    def ask(peer: str, **headers: str) -> tuple[str | None, str | None]:
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        sent = "\r\n".join(
            ["GET / HTTP/1.1", "Host: shop.example", "Connection: close", *lines, "", ""]
        )
        with socket.create_connection(("127.0.0.1", gateway.port), 15, (peer, 0)) as connection:
            connection.sendall(sent.encode())
            answer = HTTPResponse(connection)
            answer.begin()
            assert answer.status == 200
        got = home.received[-1]
        return got.one("X-Forwarded-For"), got.one("X-Forwarded-Proto")

    return ask


@pytest.fixture
def seen_in_process(rf: RequestFactory, settings: Any) -> Callable[..., tuple[str, str | None]]:
    """How the monolith sees it."""
    settings.TRUSTED_PROXIES = TRUSTED

    def ask(peer: str, **headers: str) -> tuple[str, str | None]:
        passed: list[HttpRequest] = []

        def inner(request: HttpRequest) -> HttpResponse:
            passed.append(request)
            return HttpResponse()

        names = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        ForwardedMiddleware(inner)(rf.get("/", REMOTE_ADDR=peer, **names))
        return passed[0].META["REMOTE_ADDR"], passed[0].scheme

    return ask


@hops
def test_the_client_is_the_nearest_that_no_trusted_proxy_is(
    seen_in_process: Any, peer: str, forwarded_for: str, address: str
) -> None:
    assert seen_in_process(peer, x_forwarded_for=forwarded_for)[0] == address


@hops
def test_the_gateway_finds_the_same_client(
    seen_behind_it: Any, peer: str, forwarded_for: str, address: str
) -> None:
    assert seen_behind_it(peer, x_forwarded_for=forwarded_for)[0] == address


@schemes
def test_the_scheme_is_what_a_trusted_proxy_says(
    seen_in_process: Any, peer: str, said: str, scheme: str
) -> None:
    assert seen_in_process(peer, x_forwarded_proto=said)[1] == scheme


@schemes
def test_the_gateway_finds_the_same_scheme(
    seen_behind_it: Any, peer: str, said: str, scheme: str
) -> None:
    assert seen_behind_it(peer, x_forwarded_proto=said)[1] == scheme


@pytest.mark.usefixtures("database")
def test_throttles_count_the_client_and_not_the_proxy(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRUSTED_PROXIES, settings.THROTTLE = TRUSTED, "on"
    monkeypatch.setattr(ApiThrottle, "bucket", Bucket(per_minute=0.001, burst=2))

    def status(peer: str, forwarded_for: str) -> int:
        said = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded_for}
        return client.get("/api/products/", **said).status_code

    assert [status(PROXY, f"6.6.6.{forged}, 9.9.9.9") for forged in range(3)] == [200, 200, 429]
    assert status(PROXY, "9.9.9.8") == 200
    assert [status(STRANGER, f"9.9.9.{forged}") for forged in range(3)] == [200, 200, 429]
