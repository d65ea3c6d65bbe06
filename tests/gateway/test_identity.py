"""Whom the gateway says a request is from: asked of identity, once in a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.gateway.conftest import Gateway
from tests.gateway.upstream import DIE, Received, Reply, Upstream
from tests.gateway.wire import ask

Start = Callable[..., Upstream]


def proves(request: Received) -> Reply:
    """A token that names the credential it is for; none for a stale session."""
    credential = f"{request.one('Cookie') or ''}|{request.one('Authorization') or ''}"
    if "stale" in credential:
        return Reply(204)
    return Reply(204, {"X-Identity": f"token of {credential}"})


@pytest.fixture
def identity(upstream: Start) -> Upstream:
    return upstream("identity", behave=proves)


@pytest.fixture
def home(upstream: Start) -> Upstream:
    return upstream("home")


@pytest.fixture
def product(gateway: Gateway, upstream: Start, identity: Upstream, home: Upstream) -> Upstream:
    started = upstream("product")
    gateway.place(started, identity, home)
    return started


_count = 0


@pytest.fixture
def session() -> str:
    """A session that nginx has not seen."""
    global _count
    _count += 1
    return f"sessionid=session-{_count}-{time.time_ns()}"


def token(instance: Upstream) -> str | None:
    return instance.received[-1].one("X-Identity")


def test_without_a_credential_nobody_is_asked(
    gateway: Gateway, product: Upstream, identity: Upstream
) -> None:
    ask(gateway.port, "/products/", Cookie="csrftoken=x; cart=1")
    assert token(product) is None
    assert not identity.received


def test_identity_is_asked_what_the_client_sent_and_no_more(
    gateway: Gateway, product: Upstream, identity: Upstream, session: str
) -> None:
    ask(
        gateway.port, "/products/?a=1", method="POST", body=b"secret", Cookie=f"a=1; {session}",
        X_Forwarded_For="9.9.9.9", X_Other="x", X_Request_ID="the-one", X_Gateway_Pass="forged",
    )  # fmt: skip
    [asked] = identity.received
    assert (asked.line, asked.body) == ("GET /identity/ HTTP/1.1", b"")
    assert {name.lower(): value for name, value in asked.headers} == {
        "host": f"127.0.0.1:{gateway.port}",
        "cookie": f"a=1; {session}",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "x-gateway-pass": "pass-for-identity",
        "x-request-id": "the-one",
    }
    assert product.received[0].body == b"secret"
    assert product.received[0].one("X-Gateway-Pass") == "pass-for-product"
    assert token(product) == f"token of a=1; {session}|"


def test_a_credential_is_asked_for_once_in_two_seconds(
    gateway: Gateway, product: Upstream, identity: Upstream, home: Upstream, session: str
) -> None:
    started = time.monotonic()
    while time.monotonic() < started + 1.5:
        ask(gateway.port, "/products/", Cookie=session)
        ask(gateway.port, "/accounts/profile/", Cookie=f"other=1; {session}")
    assert len(identity.received) == 1
    assert {each.one("X-Identity") for each in product.received} == {f"token of {session}|"}
    assert token(home) == f"token of {session}|"
    identity.behave = lambda _: Reply(204)  # signed out
    while token(product) is not None:
        ask(gateway.port, "/products/", Cookie=session)
        assert time.monotonic() < started + 4
    assert time.monotonic() - started > 1.9


def test_one_request_asks_while_the_others_of_the_same_credential_wait(
    gateway: Gateway, product: Upstream, identity: Upstream, session: str
) -> None:
    def slow(request: Received) -> Reply:
        time.sleep(0.2)
        return proves(request)

    identity.behave = slow
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda _: ask(gateway.port, "/products/", Cookie=session), range(20))
        )
    assert {each.status for each in answers} == {200}
    assert len(identity.received) == 1
    assert {each.one("X-Identity") for each in product.received} == {f"token of {session}|"}


def test_no_credential_is_taken_for_another(
    gateway: Gateway, product: Upstream, identity: Upstream, session: str
) -> None:
    sent: list[dict[str, str]] = [
        {"Cookie": session},
        {"Cookie": f"{session}x"},
        {"Cookie": session, "Authorization": "Basic YTpi"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Basic YTpj"},
        {"Cookie": f"{session}; sessionid=another"},
        {"Cookie": f"sessionid=another; {session}"},
    ]
    for _ in range(2):
        for each in sent:
            ask(gateway.port, "/products/", **each)
            expected = f"token of {each.get('Cookie', '')}|{each.get('Authorization', '')}"
            assert token(product) == expected


def test_a_stale_session_is_nobodys_and_that_is_kept_too(
    gateway: Gateway, product: Upstream, identity: Upstream, session: str
) -> None:
    for _ in range(3):
        assert ask(gateway.port, "/products/", Cookie=f"{session}-stale").status == 200
        assert token(product) is None
    assert len(identity.received) == 1


def away(identity: Upstream) -> None:
    identity.stop()


def hanging(identity: Upstream) -> None:
    def hang(_: Received) -> Reply:
        time.sleep(3)
        return Reply(204)

    identity.behave = hang


def dying(identity: Upstream) -> None:
    identity.behave = lambda _: DIE


def broken(identity: Upstream) -> None:
    identity.behave = lambda _: Reply(500)


@pytest.mark.parametrize("fail", [away, hanging, dying, broken])
def test_without_identity_what_is_public_can_be_read_and_nothing_else_is_done(
    gateway: Gateway,
    product: Upstream,
    identity: Upstream,
    home: Upstream,
    session: str,
    fail: Callable[[Upstream], None],
) -> None:
    fail(identity)
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        public = [
            pool.submit(ask, gateway.port, path, method=method, Cookie=session)
            for path in ("/", "/products/", "/api/products/?x=1")
            for method in ("GET", "HEAD")
        ]
        closed = [
            pool.submit(ask, gateway.port, path, method=method, Cookie=session)
            for path, method in (
                ("/products/", "POST"), ("/cart/", "GET"), ("/accounts/profile/", "GET"),
                ("/api/products/x/", "PUT"), ("/", "POST"),
            )
        ]  # fmt: skip
        assert {each.result().status for each in public} == {200}
        assert {each.result().status for each in closed} == {503}
        assert {each.result().headers["Retry-After"] for each in closed} == {"1"}
    assert time.monotonic() - started < 2.5
    assert all(each.one("X-Identity") is None for each in (*product.received, *home.received))
    problem = ask(gateway.port, "/api/orders/", Cookie=session).problem
    assert problem["type"] == "/problems/unavailable"
    assert "who you are" in problem["detail"]
    # Whoever shows no credential notices nothing.
    assert ask(gateway.port, "/accounts/login/", method="POST", body=b"").status == 200


def test_identity_that_comes_back_is_asked_again_within_moments(
    gateway: Gateway, product: Upstream, identity: Upstream, session: str
) -> None:
    identity.stop()
    assert ask(gateway.port, "/accounts/profile/", Cookie=session).status == 503
    identity.start()
    until = time.monotonic() + 2
    while ask(gateway.port, "/accounts/profile/", Cookie=session).status != 200:
        assert time.monotonic() < until


def test_one_of_two_identities_is_enough(
    gateway: Gateway, product: Upstream, identity: Upstream, upstream: Start, session: str
) -> None:
    gateway.place(product, identity, upstream("identity", behave=lambda _: DIE))
    for number in range(6):
        ask(gateway.port, "/products/", Cookie=f"{session}-{number}")
        assert token(product) == f"token of {session}-{number}|"


@pytest.mark.parametrize("status", [400, 431])
def test_what_identity_cannot_understand_is_not_done_as_nobody(
    gateway: Gateway, product: Upstream, identity: Upstream, session: str, status: int
) -> None:
    identity.behave = lambda _: Reply(status)
    assert ask(gateway.port, "/products/", Cookie=session, Host="wrong").status == 400
    identity.behave = proves
    assert ask(gateway.port, "/products/", Cookie=session).status == 200
