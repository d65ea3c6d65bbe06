"""Gateway and Django find the same session in a Cookie header, whatever its bytes.

Were a cookie the session's for one of them alone, its sender would be somebody here and nobody
there, and an app would be sent what proves a customer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from django.core.handlers.wsgi import WSGIRequest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.conftest import Gateway
from tests.gateway.upstream import Received, Reply, Upstream
from tests.gateway.wire import Client, raw

NAME = "sessionid"
SPACES = [each for each in map(chr, range(sys.maxunicode + 1)) if each.isspace()]
"""What ``str.strip`` takes away; line breaks end a header."""
STRIPPED = [each.encode() for each in SPACES if each not in "\r\n"]


def cookies(header: str | None) -> dict[str, str]:
    """What Django finds in a header, told as WSGI tells it: each byte a character."""
    environ = {"REQUEST_METHOD": "GET", "wsgi.input": BytesIO(), "HTTP_COOKIE": header or ""}
    return dict(WSGIRequest(environ).COOKIES)


def token_of(header: str | None) -> str | None:
    value = cookies(header).get(NAME)
    return None if value is None else f"of <{value.encode().hex()}>"


def proves(request: Received) -> Reply:
    token = token_of(request.one("Cookie"))
    return Reply(204, {} if token is None else {"X-Identity": token})


class Shop:
    """A gateway before doubles of product, home and identity."""

    def __init__(self, client: Client, product: Upstream, home: Upstream) -> None:
        self.client = client
        self.product = product
        self.home = home

    def check(self, header: bytes) -> bool:
        """Send the header to product and home; whether it holds a session for both sides."""
        sent = header.decode("latin-1")
        found = cookies(sent)
        for path, instance in (("/products/", self.product), ("/accounts/profile/", self.home)):
            assert self.client.ask(path, Cookie=sent).status == 200
            got = instance.received.pop()
            assert got.one("X-Identity") == token_of(sent), path
            left = found if instance is self.home else {**found, NAME: None}
            assert cookies(got.one("Cookie")) == {k: v for k, v in left.items() if v is not None}
        return NAME in found


@pytest.fixture
def shop(gateway: Gateway, upstream: Callable[..., Upstream]) -> Iterator[Shop]:
    product, home = upstream("product"), upstream("home")
    gateway.place(product, home, upstream("identity", behave=proves))
    with Client(gateway.port) as client:
        yield Shop(client, product, home)


def test_whatever_django_strips_from_a_name_the_gateway_does(shop: Shop) -> None:
    for space in STRIPPED:
        value = space.hex().encode()
        for spelt in (b"%bsessionid=%b", b"sessionid%b=%b", b"a=1; %bsessionid=%b; b=2"):
            assert shop.check(spelt % (space, value)), space
        around = b"%b \t%bsessionid%b=%b" % (space, space, space * 3, value)
        assert shop.check(around), space


def test_a_byte_that_is_no_character_is_no_space(shop: Shop) -> None:
    """In Latin-1 some would be: WSGI tells a header so."""
    for byte in range(0x80, 0x100):
        assert not shop.check(b"%csessionid=x; sessionid%c=x" % (byte, byte)), hex(byte)


@pytest.mark.parametrize(
    "header",
    [
        b"\xc2sessionid=half",
        b"\xe2\x80sessionid=half",
        b"\xe2\x80\x8bsessionid=no space",  # U+200B
        b"\xe1\xa0\x8esessionid=a space no more",  # U+180E
        b"\xef\xbb\xbfsessionid=a mark",
        b"\xe0\x82\xa0sessionid=overlong",
        b"session\xc2\xa0id=between",
        b'"sessionid"=quoted',
        b"sessionid",
        b"=sessionid",
        b"=sessionid=x",
        b"\xc2\xa0=sessionid=x",
        b"SessionId=case",
        b"sessionid[]=x",
        b"$sessionid=x",
        b"a=sessionid=x",
        b'a="; sessionid"=x',
        b"sessionid2=1; xsessionid=2; ;;=;\xc2\xa0;",
    ],
    ids=repr,
)
def test_what_is_no_session_for_django_is_none_for_the_gateway(shop: Shop, header: bytes) -> None:
    assert not shop.check(header)


@pytest.mark.parametrize(
    "header",
    [
        b"sessionid=",
        b"sessionid=\xc2\xa0",
        b'sessionid="quoted; and cut"',
        b'sessionid="\\163"',
        b'a="; sessionid=x"',
        b"sessionid==x",
        b"sessionid=\xff\xfe\xc2",
        b"sessionid=first; sessionid=last",
        b"sessionid=first; \xc2\xa0sessionid=last",
        b"\xe3\x80\x80sessionid=first; sessionid=last",
        b"sessionid=x;sessionid\xc2\x85=",
        b"sessionid=x; sessionid",
        b"\xe2\xc2\xa0=1; \xc2\xa0sessionid=x",
    ],
    ids=repr,
)
def test_what_is_a_session_for_django_is_one_for_the_gateway(shop: Shop, header: bytes) -> None:
    assert shop.check(header)


def test_of_doubled_cookies_the_last_one_counts_and_no_app_gets_either(
    gateway: Gateway, shop: Shop
) -> None:
    lines = ["Cookie: sessionid=first; a=1", "Cookie: b=2; sessionid=last"]
    raw(gateway.port, "GET /products/ HTTP/1.1", "Host: a", "Connection: close", *lines)
    got = shop.product.received.pop()
    assert got.one("X-Identity") == token_of("sessionid=last")
    assert cookies(got.one("Cookie")) == {"a": "1", "b": "2"}


BYTES = st.binary(max_size=6)
SPACE = st.lists(
    st.sampled_from(
        [*STRIPPED, *(each[:-1] for each in STRIPPED), b"\x85", b"\xa0", b"\xe2\x80\x8b"]
    ),
    max_size=3,
).map(b"".join)
WORD = st.sampled_from([b"sessionid", b'"sessionid"', b"session", b"id", b"a", b""]) | BYTES
COOKIE = st.tuples(
    SPACE, WORD, SPACE, st.sampled_from([b"=", b"", b"=="]), SPACE, BYTES | WORD, SPACE
)
HEADER = st.lists(COOKIE.map(b"".join), max_size=5).map(b";".join)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(header=HEADER.map(lambda header: header.translate(None, b"\0\r\n")))
def test_both_find_the_same_in_any_bytes(shop: Shop, header: bytes) -> None:
    shop.check(header)
