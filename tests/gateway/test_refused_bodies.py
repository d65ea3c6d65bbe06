"""What a refused request brought along is never taken for the next one on its connection.

nginx's Lua module sees to that, by discarding the body when an answer ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from tests.gateway.conftest import Gateway
from tests.gateway.upstream import Reply, Upstream
from tests.gateway.wire import Client

Start = Callable[..., Upstream]
SMUGGLED = b"GET /smuggled/ HTTP/1.1\r\nHost: a\r\n\r\n"
COOKIE = f"{settings.SESSION_COOKIE_NAME}=theirs"


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    with Client(gateway.port) as client:
        yield client


def refused(client: Client, path: str, *, body_first: bool, **headers: str) -> int:
    """The status of a POST whose body comes along with its headers, or when it was answered."""
    connection = client.connection
    connection.putrequest("POST", path)
    for name, value in {"Content-Length": str(len(SMUGGLED)), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(SMUGGLED if body_first else None)
    answer = connection.getresponse()
    answer.read()
    if not body_first and connection.sock:
        connection.sock.sendall(SMUGGLED)
    return answer.status


@pytest.mark.parametrize("body_first", [True, False])
@pytest.mark.parametrize(
    ("path", "identity", "status"),
    [
        ("/internal/call/", 204, 404),
        ("/api//carts/", 204, 404),
        ("/api/carts/", 400, 400),
        ("/api/carts/", 500, 503),
        ("/cart/", 500, 503),
    ],
)
def test_the_next_request_is_the_next_one(
    gateway: Gateway, upstream: Start, client: Client, path: str, identity: int, status: int,
    body_first: bool,
) -> None:  # fmt: skip
    home, product = upstream("home"), upstream("product", behave=lambda _: Reply(body=b"a mug"))
    gateway.place(home, product, upstream("identity", behave=lambda _: Reply(identity)))
    cookie = f"{COOKIE}-{gateway.port}-{path}-{identity}-{body_first}"
    assert refused(client, path, body_first=body_first, Cookie=cookie) == status
    kept = client.connection.sock
    assert client.ask("/products/").body == b"a mug"
    assert client.connection.sock is kept is not None
    assert [each.path for each in (*home.received, *product.received)] == ["/products/"]
