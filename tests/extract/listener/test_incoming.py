"""How far a request reaches, whatever pieces it comes in."""

from __future__ import annotations

from http import HTTPStatus
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.listener.incoming import LONGEST_HEAD, Incoming, Refused

LARGEST = 1000
POST = b"POST /api/carts/ HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

bodies = st.binary(max_size=300)
trailers = st.sampled_from([b"", b"X-Sum: 1\r\n", b"A: b\r\nC: d\r\n"])
endings = st.sampled_from([b"", b";name=value", b" ;x"])


def of_length(body: bytes) -> bytes:
    return POST + b"content-LENGTH: \t%d \r\n\r\n" % len(body) + body


@st.composite
def in_chunks(draw: st.DrawFn) -> bytes:
    parts = draw(st.lists(st.binary(min_size=1, max_size=40), max_size=8))
    chunks = [b"%x%s\r\n%s\r\n" % (len(part), draw(endings), part) for part in parts]
    return CHUNKED + b"".join(chunks) + b"0\r\n" + draw(trailers) + b"\r\n"


def pieces(sent: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(sent), *(cut % (len(sent) + 1) for cut in cuts)})
    return [sent[start:end] for start, end in pairwise(at)]


@settings(max_examples=150)
@given(st.one_of(bodies.map(of_length), in_chunks()), st.lists(st.integers(0, 5000)), st.binary())
def test_it_is_whole_at_its_end_and_not_before(sent: bytes, cuts: list[int], after: bytes) -> None:
    incoming = Incoming(LARGEST)
    *parts, last = pieces(sent, cuts)
    for part in parts:
        incoming.take(part)
        assert not incoming.is_whole
    incoming.take(last + after)
    assert incoming.is_whole
    assert b"".join(incoming.parts()) == sent
    assert incoming.rest == after


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (POST + b"Content-Length: 1001\r\n\r\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (CHUNKED + b"ffffffffffffffffffff\r\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (CHUNKED + b"3e8\r\n" + bytes(1000) + b"\r\n1\r\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (
            CHUNKED + b"0\r\n" + b"X-Same: again\r\n" * LONGEST_HEAD,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ),
        (b"GET /" + b"a" * LONGEST_HEAD, HTTPStatus.REQUEST_URI_TOO_LONG),
        (POST + b"X-Long: " + b"a" * LONGEST_HEAD, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    ],
    ids=["length", "chunk", "chunks", "trailers", "line", "headers"],
)
def test_too_much_is_refused_when_it_is_said(sent: bytes, status: HTTPStatus) -> None:
    incoming = Incoming(LARGEST)
    with pytest.raises(Refused) as refused:
        incoming.take(sent)
    assert refused.value.status == status


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\nHost: a\n\n",
        POST + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n",
        POST + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n",
        POST + b"Content-Length: nine\r\n\r\n",
        POST + b"Content-Length : 9\r\n\r\n",
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        CHUNKED + b"nine\r\n",
        CHUNKED + b"2\r\n{}xx",
        CHUNKED + b"1" * 5000,
    ],
)
def test_the_malformed_is_not_waited_for(sent: bytes) -> None:
    incoming = Incoming(LARGEST)
    incoming.take(sent)
    assert incoming.is_whole


def test_a_large_body_is_kept_in_a_file() -> None:
    incoming = Incoming(20 * LONGEST_HEAD)
    sent = of_length(bytes(range(256)) * 4096)
    for part in pieces(sent, list(range(0, len(sent), 65536))):
        incoming.take(part)
    assert incoming.is_whole
    assert b"".join(incoming.parts()) == sent
    incoming.forget()


def test_who_waits_to_be_told_is_told_once() -> None:
    incoming = Incoming(LARGEST)
    incoming.take(POST + b"Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
    assert incoming.expects_continue()
    assert not incoming.expects_continue()
    incoming.take(b"{}")
    assert b"".join(incoming.parts()) == POST + b"Content-Length: 2\r\n\r\n{}"
