"""The code flow with somebody in between: 400, and whoever was signed in still is (RFC 9700)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.fleets import Fleet
from tests.keycloak.flow import (
    ADA,
    OPERATOR,
    away,
    back,
    changed,
    exchanged,
    is_signed_in,
    request_of,
    signed_in,
    told,
    visit,
)
from tests.keycloak.person import Person
from tests.keycloak.server import Keycloak


@pytest.fixture
def victim(either: str) -> Person:
    """Signed in as Ada, and sent away once more."""
    return signed_in(either, *ADA)


@pytest.fixture
def attacker() -> Person:
    return Person()


class Unharmed:
    """``with Unharmed(victim, shop)``: afterwards the session is what it was."""

    def __init__(self, victim: Person, shop: str) -> None:
        self._victim, self._shop = victim, shop
        self._cookie = victim.cookie(shop)

    def __enter__(self) -> None:
        assert is_signed_in(self._victim, self._shop)

    def __exit__(self, *args: object) -> None:
        assert self._victim.cookie(self._shop) == self._cookie
        page = visit(self._victim, f"{self._shop}/accounts/profile/")
        assert page.status == 200
        assert "Hello Ada" in page.text


def again(person: Person, shop: str) -> str:
    """As ``away``, for somebody who is signed in; with the password asked for."""
    return visit(person, f"{shop}/accounts/again/").leads_to


@pytest.mark.parametrize(
    "query",
    [
        "", "?code=a-code", "?state=", "?state=unknown", "?code=a-code&state=",
        "?code=a-code&state=unknown", "?error=access_denied", "?error=login_required&state=unknown",
        "?error=&state=", "?code=&state=&iss=", "?state=%00", "?state=unknown&state=unknown",
    ],
)  # fmt: skip
def test_an_answer_that_nobody_asked_for(either: str, victim: Person, query: str) -> None:
    again(victim, either)  # so that there is a state
    with Unharmed(victim, either):
        assert visit(victim, f"{either}/accounts/callback/{query}").status == 400


def test_a_post_is_no_answer(either: str, victim: Person) -> None:
    with Unharmed(victim, either):
        page = victim.post(f"{either}/accounts/callback/", {"code": "a", "state": "b"})
        assert page.status in (403, 405)


def test_the_answer_to_another_browser(either: str, victim: Person, attacker: Person) -> None:
    attackers = back(attacker, away(attacker, either), *OPERATOR)
    again(victim, either)
    with Unharmed(victim, either):
        assert visit(victim, attackers).status == 400
        # Nor is it one with the victim's own state: the code was for another verifier and nonce.
        own = told(again(victim, either))["state"]
        assert visit(victim, changed(attackers, state=own)).status == 400
    # Somebody who is not signed in is not signed in as the attacker either.
    nobody = Person()
    own = told(away(nobody, either))["state"]
    assert visit(nobody, changed(attackers, state=own)).status == 400
    assert not is_signed_in(nobody, either)


def test_a_stolen_code_in_another_browser(either: str, attacker: Person) -> None:
    victim = Person()
    victims = back(victim, away(victim, either), *ADA)
    assert visit(attacker, victims).status == 400
    own = told(away(attacker, either))["state"]
    assert visit(attacker, changed(victims, state=own)).status == 400
    assert not is_signed_in(attacker, either)


def test_an_answer_counts_once(either: str, attacker: Person) -> None:
    victim = Person()
    url = back(victim, away(victim, either), *ADA)
    assert visit(victim, url).status == 302
    with Unharmed(victim, either):
        assert visit(victim, url).status == 400
        own = told(again(victim, either))["state"]
        assert visit(victim, changed(url, state=own, code="made-up")).status == 400
    own = told(away(attacker, either))["state"]
    assert visit(attacker, changed(url, state=own)).status == 400
    assert not is_signed_in(attacker, either)


def test_a_state_counts_once_though_the_code_was_wrong(either: str) -> None:
    person = Person()
    url = back(person, away(person, either), *ADA)
    assert visit(person, changed(url, code="made-up")).status == 400
    assert visit(person, url).status == 400
    assert not is_signed_in(person, either)


@pytest.mark.parametrize(
    "iss", [None, "", "http://127.0.0.1:9/realms/shop", "the issuer/", "master"]
)
def test_the_answer_of_another_server(
    either: str, keycloak: Keycloak, victim: Person, iss: str | None
) -> None:
    named = {"the issuer/": f"{keycloak.issuer}/", "master": f"{keycloak.url}/realms/master"}
    url = back(victim, again(victim, either), *ADA)
    assert told(url)["iss"] == keycloak.issuer
    with Unharmed(victim, either):
        assert visit(victim, changed(url, iss=iss and named.get(iss, iss))).status == 400
        forged = changed(url, iss=iss and named.get(iss, iss), code=None, error="access_denied")
        assert visit(victim, forged).status == 400


def test_the_nonce_of_another_request(either: str, victim: Person) -> None:
    with Unharmed(victim, either):
        url = back(victim, changed(again(victim, either), nonce="of-another"), *ADA)
        assert visit(victim, url).status == 400
        url = back(victim, changed(again(victim, either), nonce=None), *ADA)
        assert visit(victim, url).status == 400


def test_the_challenge_of_another_request(either: str, keycloak: Keycloak, victim: Person) -> None:
    foreign, _ = request_of(keycloak, either)
    challenge = told(foreign)["code_challenge"]
    with Unharmed(victim, either):
        url = back(victim, changed(again(victim, either), code_challenge=challenge), *ADA)
        assert visit(victim, url).status == 400


def test_an_error_signs_nobody_out(either: str, victim: Person) -> None:
    state = told(again(victim, either))["state"]
    url = back(victim, again(victim, either), *ADA)
    with Unharmed(victim, either):
        refused = changed(url, state=state, code=None, error="access_denied")
        assert visit(victim, refused).leads_to == f"{either}/"
        assert visit(victim, refused).status == 400


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example", "https://evil.example/", "/\\evil.example", "///evil.example",
        "\\\\evil.example", "http:evil.example", "https:/evil.example", "javascript:alert(1)",
        "//127.0.0.1@evil.example", "/\t/evil.example", " //evil.example",
        "https://evil.example\\@127.0.0.1/",
    ],
)  # fmt: skip
def test_nobody_is_led_elsewhere_after_signing_in(shop: Fleet, person: Person, to: str) -> None:
    url = back(person, away(person, shop.base_url, to), *ADA)
    landed = visit(person, url)
    assert landed.status == 302
    assert "evil" not in landed.headers["Location"]
    assert urlsplit(landed.leads_to).netloc == urlsplit(shop.base_url).netloc
    assert "javascript" not in landed.headers["Location"]


@pytest.mark.parametrize(
    "other",
    [
        "https://evil.example/", "{shop}.evil.example/accounts/callback/", "{shop}/",
        "{shop}/accounts/callback/../../evil/", "{shop}/accounts/callback/?next=//evil.example",
        "{shop}/accounts/callback", "{shop}@evil.example/accounts/callback/",
        "{shop}/accounts/callback/#x", "//evil.example/accounts/callback/", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_keycloak_leads_to_no_other_address(
    shop: Fleet, keycloak: Keycloak, person: Person, other: str
) -> None:
    redirect = other.format(shop=shop.base_url)
    url, _ = request_of(keycloak, shop.base_url, redirect_uri=redirect)
    page = visit(person, url)
    assert (page.status, page.leads_to) == (400, "")


@pytest.mark.parametrize(
    "asked",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"response_type": "token"},
        {"response_type": "id_token token"},
        {"response_type": "code id_token"},
    ],
    ids=str,
)
def test_keycloak_gives_no_code_without_a_challenge_and_nothing_else(
    shop: Fleet, keycloak: Keycloak, person: Person, asked: dict[str, str | None]
) -> None:
    url, _ = request_of(keycloak, shop.base_url, **asked)
    page = visit(person, url)
    assert (page.status, page.leads_to.startswith(shop.base_url)) == (302, True)
    assert "error=" in page.leads_to
    assert "code=" not in page.leads_to


def test_keycloak_gives_tokens_for_the_right_verifier_once(shop: Fleet, keycloak: Keycloak) -> None:
    for wrong in ({}, {"code_verifier": ""}, {"code_verifier": "w" * 64}):
        url, _ = request_of(keycloak, shop.base_url)
        code = told(back(Person(), url, *ADA))["code"]
        answer = exchanged(keycloak, shop.base_url, code, **wrong)
        assert answer.status_code == 400, answer.text
        assert "access_token" not in answer.text
    url, verifier = request_of(keycloak, shop.base_url)
    code = told(back(Person(), url, *ADA))["code"]
    answers = [exchanged(keycloak, shop.base_url, code, code_verifier=verifier) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 400]
    # A code that came twice was stolen: what was given for it counts no more.
    assert refreshed(keycloak, shop.base_url, answers[0].json()["refresh_token"]) == 400


def refreshed(keycloak: Keycloak, shop: str, token: str) -> int:
    asked = {"grant_type": "refresh_token", "refresh_token": token}
    return exchanged(keycloak, shop, "", **asked).status_code


def test_a_refresh_token_counts_once(shop: Fleet, keycloak: Keycloak) -> None:
    url, verifier = request_of(keycloak, shop.base_url)
    code = told(back(Person(), url, *ADA))["code"]
    given = exchanged(keycloak, shop.base_url, code, code_verifier=verifier).json()
    assert refreshed(keycloak, shop.base_url, given["refresh_token"]) == 200
    assert refreshed(keycloak, shop.base_url, given["refresh_token"]) == 400
