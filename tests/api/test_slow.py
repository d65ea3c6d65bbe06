"""Clients of the whole shop that send half a request and fall silent."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.api.conftest import SKU
from tests.api.wire import Wire, assert_problem

HALF_HEAD = b"GET /products/ HTTP/1.1\r\nHost: a\r\nX-"
HALF_BODY = b"POST /api/carts/ HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"


@contextmanager
def silent(wire: Wire, sent: bytes, count: int) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(count):
            half = stack.enter_context(socket.create_connection(wire.address, timeout=20))
            half.sendall(sent)
        yield


@pytest.mark.parametrize("sent", [HALF_HEAD, HALF_BODY], ids=["head", "body"])
@pytest.mark.parametrize("count", [8, 40, 120])
def test_the_shop_answers_beside_them(wire: Wire, sent: bytes, count: int) -> None:
    with silent(wire, sent, count):
        assert wire.send(b"GET /health/live/ HTTP/1.1").status == 200
        assert wire.send(b"GET /products/%s/ HTTP/1.1" % SKU.lower().encode()).status in (200, 404)
        assert wire.send(b"GET /products/ HTTP/1.1").status == 200


def test_a_huge_chunk_is_a_413_before_it_comes(wire: Wire) -> None:
    told = (b"Content-Type: application/json", b"Transfer-Encoding: chunked")
    answer = wire.send(b"POST /api/carts/ HTTP/1.1", *told, body=b"fffffffffffffff\r\n{")
    assert_problem(answer, 413, "too-large")
