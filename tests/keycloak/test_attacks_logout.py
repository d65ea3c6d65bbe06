"""Forged and replayed words of a logout: 400, and nobody is signed out (OpenID Connect Back-Channel
Logout 1.0)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from extract.oidc.tokens import LOGOUT_EVENT
from tests.extract.oidc.issuer import Key
from tests.fleets import Fleet, wait_until
from tests.keycloak.api import ask
from tests.keycloak.flow import ADA, away, back, is_signed_in, signed_in, tokens, told, visit
from tests.keycloak.person import Person
from tests.keycloak.realm_key import RealmKey, claims_of
from tests.keycloak.server import Keycloak

WHERE = "/accounts/backchannel-logout/"
HOUR = 3600
PUBLISHED_WITHIN = 15.0
HER = ("logged-out@example.com", "a-password-of-hers")


@pytest.fixture
def her(keycloak: Keycloak, shop: Fleet) -> Iterator[str]:
    """The id of a customer of the test's own."""
    user = keycloak.add_user(*HER)
    yield user
    keycloak.admin("DELETE", f"/users/{user}")


class Recorder(HTTPServer):
    """Takes one request at a time, when it is asked to."""

    timeout = 30

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Recorded)
        self.tokens: list[str] = []

    def wait(self) -> str:
        """The next logout token."""
        self.handle_request()
        return self.tokens.pop()


class _Recorded(BaseHTTPRequestHandler):
    server: Recorder

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.tokens.append(parse_qs(body)["logout_token"][0])
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def recorder(keycloak: Keycloak, shop: Fleet) -> Iterator[Recorder]:
    """Gets the logout tokens that Keycloak sends, instead of the shop."""
    name = "backchannel.logout.url"
    before = keycloak.admin("GET", "/clients?clientId=shop")[0]["attributes"][name]
    with Recorder() as recorder:
        keycloak.change_client(attributes={name: f"http://127.0.0.1:{recorder.server_port}/"})
        yield recorder
        keycloak.change_client(attributes={name: before})


def told_of(shop: str, token: str) -> tuple[int, Any]:
    return ask(shop, WHERE, method="POST", form={"logout_token": token})


def sid_of(person: Person, shop: str) -> str:
    """The session at Keycloak, which it names in the answer to a request."""
    url = back(person, away(person, shop), *HER)
    assert visit(person, url).status == 302
    return told(url)["session_state"]


def logout_token(realm_key: RealmKey, keycloak: Keycloak, **changed: Any) -> str:
    now = int(time.time())
    said = {
        "iss": keycloak.issuer, "aud": "shop", "iat": now, "exp": now + 120, "typ": "Logout",
        "jti": f"a-logout-{time.time_ns()}", "events": {LOGOUT_EVENT: {}}, **changed,
    }  # fmt: skip
    return realm_key.sign({name: value for name, value in said.items() if value is not None})


def test_all_but_a_right_one_signs_nobody_out(
    either: str, keycloak: Keycloak, realm_key: RealmKey, her: str
) -> None:
    victim = Person()
    hers = {"sub": her, "sid": sid_of(victim, either)}

    def forged(**changed: Any) -> str:
        return logout_token(realm_key, keycloak, **{**hers, **changed})

    def is_published() -> bool:
        return told_of(either, forged(sub="nobody", sid="none")) == (200, {"sessions": 0})

    wait_until(is_published, PUBLISHED_WITHIN)
    now = int(time.time())
    for change in (
        {"events": None},
        {"events": {}},
        {"events": {"http://schemas.openid.net/event/other": {}}},
        {"events": LOGOUT_EVENT},
        {"nonce": "a-nonce"},
        {"jti": None},
        {"iss": None},
        {"iss": "http://127.0.0.1:9/realms/shop"},
        {"iss": f"{keycloak.url}/realms/master"},
        {"aud": None},
        {"aud": "shop-scripts"},
        {"aud": her},
        {"exp": now - HOUR},
        {"exp": None},
        {"iat": now + HOUR},
        {"iat": None},
        {"nbf": now + HOUR},
        {"sid": None, "sub": None},
        {"sid": "", "sub": ""},
        {"typ": "ID"},
        {"typ": "Bearer"},
    ):
        assert told_of(either, forged(**change))[0] == 400, change
    right = forged()
    said = claims_of(right)
    header, payload, signature = right.split(".")
    unknown = Key("unknown")
    named_like_the_realms = Key(realm_key.kid)
    for wrong in (
        realm_key.leave_unsigned(said),
        realm_key.pretend(said),
        unknown.sign(said),
        named_like_the_realms.sign(said),
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[::-1]}",
        realm_key.sign({**said, "more": "x" * 20_000}),
        "x" * 1_000_000,
        "nonsense",
        "",
    ):
        assert told_of(either, wrong)[0] == 400, wrong[:200]
    assert is_signed_in(victim, either)
    # The session and the subject of two people are nobody's.
    assert told_of(either, forged(sub="somebody-else")) == (200, {"sessions": 0})
    assert told_of(either, forged(sid="another-session")) == (200, {"sessions": 0})
    assert is_signed_in(victim, either)
    # All the while the right one was right, whatever Keycloak itself thinks of the session.
    assert told_of(either, right) == (200, {"sessions": 1})
    assert not is_signed_in(victim, either)


def test_a_subject_alone_is_signed_out_everywhere(
    either: str, keycloak: Keycloak, realm_key: RealmKey, her: str
) -> None:
    people = [signed_in(either, *HER) for _ in range(2)]
    other = signed_in(either, *ADA)

    def answer() -> tuple[int, Any]:
        return told_of(either, logout_token(realm_key, keycloak, sub=her))

    wait_until(lambda: answer() == (200, {"sessions": 2}), PUBLISHED_WITHIN)
    assert not any(is_signed_in(person, either) for person in people)
    assert is_signed_in(other, either)


def test_keycloaks_own_word_counts_once(
    either: str, keycloak: Keycloak, recorder: Recorder, her: str
) -> None:
    victim = signed_in(either, *HER)
    with ThreadPoolExecutor(1) as pool:
        logging_out = pool.submit(keycloak.log_out, her)
        token = recorder.wait()
        logging_out.result()
    assert told_of(either, token) == (200, {"sessions": 1})
    assert not is_signed_in(victim, either)
    victim = signed_in(either, *HER)
    assert told_of(either, token)[0] == 400
    assert is_signed_in(victim, either)
    # What it says of itself, so that the forged ones are like it.
    said = claims_of(token)
    assert said.keys() >= {"iss", "aud", "iat", "exp", "jti", "events", "sid", "sub"}
    assert said["exp"] - said["iat"] <= 600


def test_other_kinds_of_tokens_and_requests(either: str, keycloak: Keycloak, her: str) -> None:
    hers = tokens(keycloak, either, *HER)
    victim = signed_in(either, *HER)
    for name in ("id_token", "access_token", "refresh_token"):
        assert told_of(either, hers[name])[0] == 400, name
    token = hers["id_token"]
    assert ask(either, f"{WHERE}?logout_token={token}")[0] == 405
    assert ask(either, f"{WHERE}?logout_token={token}", method="POST", form={})[0] == 400
    assert ask(either, WHERE, method="POST", form={})[0] == 400
    assert ask(either, WHERE, method="POST", form={"logout_token": ""})[0] == 400
    assert ask(either, WHERE, method="POST", body={"logout_token": token})[0] == 400
    assert ask(either, WHERE, method="PUT", form={"logout_token": token})[0] == 405
    huge = {"logout_token": "x" * 30_000_000}
    assert ask(either, WHERE, method="POST", form=huge)[0] in (400, 413)
    assert is_signed_in(victim, either)


def test_nobody_is_signed_out_by_a_link(either: str) -> None:
    victim = signed_in(either, *ADA)
    assert visit(victim, f"{either}/accounts/logout/").status == 405
    page = victim.post(f"{either}/accounts/logout/", {}, follow=False)
    assert page.status == 403
    page = victim.post(
        f"{either}/accounts/sessions/", {}, follow=False, Origin="https://evil.example"
    )
    assert page.status == 403
    assert is_signed_in(victim, either)
