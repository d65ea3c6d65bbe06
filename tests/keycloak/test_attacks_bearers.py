"""Bearer tokens that are not what the API takes: 401, whatever else comes along (RFC 9700)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests

from tests.extract.oidc.issuer import Key
from tests.fleets import Fleet, wait_until
from tests.keycloak.api import NOT_SIGNED_IN, WRONG, Header, ask, bearer, order_as_guest
from tests.keycloak.flow import ADA, OPERATOR, signed_in, tokens
from tests.keycloak.person import Person
from tests.keycloak.realm_key import RealmKey, claims_of
from tests.keycloak.server import SECRET, Keycloak

ORDERS = "/api/orders/"
HOUR = 3600
NOW = int(time.time())
PUBLISHED_WITHIN = 15.0
REVOKED_WITHIN = 5.0


@pytest.fixture(scope="module")
def adas(keycloak: Keycloak, shop: Fleet) -> dict[str, Any]:
    return tokens(keycloak, shop.base_url, *ADA)


@pytest.fixture
def fresh(keycloak: Keycloak, shop: Fleet) -> Iterator[dict[str, Any]]:
    """Tokens of a customer of the test's own."""
    user = keycloak.add_user("fresh@example.com", "a-password-of-hers")
    yield tokens(keycloak, shop.base_url, "fresh@example.com", "a-password-of-hers")
    keycloak.admin("DELETE", f"/users/{user}")


def orders(shop: str, token: str, *more: Header) -> Any:
    return ask(shop, ORDERS, bearer(token), *more)


def is_taken(shop: str, token: str) -> bool:
    return bool(orders(shop, token)[0] == 200)


def cookie_of(person: Person, shop: str) -> Header:
    return "Cookie", f"sessionid={person.cookie(shop)}"


def test_what_a_published_key_signed_counts_for_here_and_now_alone(
    either: str, keycloak: Keycloak, realm_key: RealmKey, fresh: dict[str, Any]
) -> None:
    token = fresh["access_token"]
    assert is_taken(either, token)
    wait_until(lambda: is_taken(either, realm_key.like(token)), PUBLISHED_WITHIN)
    for change in (
        {"iss": "http://127.0.0.1:9/realms/shop"},
        {"iss": f"{keycloak.url}/realms/master"},
        {"aud": "shop-scripts"},
        {"aud": ["account"]},
        {"aud": None},
        {"exp": NOW - HOUR},
        {"exp": None},
        {"nbf": int(time.time()) + HOUR},
        {"iat": int(time.time()) + HOUR},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"typ": "Logout"},
        {"sub": None},
    ):
        assert orders(either, realm_key.like(token, **change)) == WRONG, change
    assert is_taken(either, realm_key.like(token))
    realm_key.retire()
    retired = realm_key.like(token, jti="another")
    wait_until(lambda: orders(either, retired) == WRONG, REVOKED_WITHIN)


def test_what_nobody_signed_or_somebody_else(either: str, adas: dict[str, Any]) -> None:
    token = adas["access_token"]
    said = claims_of(token)
    key = Key("unknown")
    named_like_the_realms = Key(str(jwt.get_unverified_header(token)["kid"]))
    header, payload, signature = token.split(".")
    _, other, _ = key.sign({**said, "sub": "somebody-else"}).split(".")
    for wrong in (
        key.sign(said),
        key.sign(said, jwk=key.jwk),
        named_like_the_realms.sign(said),
        key.leave_unsigned(said),
        f"{header}.{payload}.",
        f"{header}.{other}.{signature}",
        "a.b.c",
        "nonsense",
        "",
    ):
        assert orders(either, wrong) == WRONG, wrong


@pytest.mark.parametrize("times", [6, 20])
def test_a_huge_one(either: str, adas: dict[str, Any], times: int) -> None:
    assert orders(either, adas["access_token"] * times)[0] in (400, 401, 431)


def test_the_published_key_is_no_shared_secret(
    either: str, realm_key: RealmKey, adas: dict[str, Any]
) -> None:
    assert orders(either, realm_key.pretend(claims_of(adas["access_token"]))) == WRONG


def test_no_other_kind_of_token_is_a_bearer(either: str, adas: dict[str, Any]) -> None:
    assert orders(either, adas["id_token"]) == WRONG
    assert orders(either, adas["refresh_token"]) == WRONG


def test_a_token_for_another_client_of_the_realm(either: str, keycloak: Keycloak) -> None:
    client = {
        "clientId": "other", "secret": SECRET, "directAccessGrantsEnabled": True,
        "defaultClientScopes": ["basic", "profile", "email", "roles"],
    }  # fmt: skip
    keycloak.admin("POST", "/clients", client)
    try:
        form = {"grant_type": "password", "client_id": "other", "client_secret": SECRET}
        form |= {"username": ADA[0], "password": ADA[1]}
        where = f"{keycloak.issuer}/protocol/openid-connect/token"
        token = requests.post(where, form, timeout=30).json()["access_token"]
    finally:
        found = keycloak.admin("GET", "/clients?clientId=other")[0]["id"]
        keycloak.admin("DELETE", f"/clients/{found}")
    assert "shop" not in claims_of(token).get("aud", [])
    assert orders(either, token) == WRONG


@pytest.mark.parametrize("how", ["revoked", "logged out", "disabled"])
def test_a_token_that_was_taken_back(
    either: str, keycloak: Keycloak, fresh: dict[str, Any], how: str
) -> None:
    token = fresh["access_token"]
    user = claims_of(token)["sub"]
    assert is_taken(either, token)
    if how == "revoked":
        form = {"token": token, "client_id": "shop", "client_secret": SECRET}
        where = f"{keycloak.issuer}/protocol/openid-connect/revoke"
        assert requests.post(where, form, timeout=30).ok
    elif how == "logged out":
        keycloak.log_out(user)
    else:
        keycloak.enable(user, enabled=False)
    wait_until(lambda: orders(either, token) == WRONG, REVOKED_WITHIN)


def test_the_bearer_decides_and_not_the_cookie(
    either: str, keycloak: Keycloak, adas: dict[str, Any]
) -> None:
    operators = tokens(keycloak, either, *OPERATOR)["access_token"]
    order = f"{ORDERS}{order_as_guest(either, 'guest@example.com')}/"
    ada, operator = signed_in(either, *ADA), signed_in(either, *OPERATOR)
    adas_cookie, operators_cookie = cookie_of(ada, either), cookie_of(operator, either)
    assert ask(either, order, operators_cookie)[0] == 200
    assert ask(either, order, adas_cookie)[0] == 404
    assert ask(either, order, operators_cookie, bearer(adas["access_token"]))[0] == 404
    assert ask(either, order, adas_cookie, bearer(operators))[0] == 200
    assert ask(either, order, operators_cookie, bearer("nonsense")) == WRONG
    assert ask(either, order, operators_cookie, bearer("")) == WRONG
    both = (bearer("nonsense"), bearer(operators))
    assert ask(either, order, *both)[0] in (400, 401)
    assert ask(either, order, *reversed(both))[0] in (400, 401)


def test_a_bearer_elsewhere_is_not_looked_at(either: str, adas: dict[str, Any]) -> None:
    token = adas["access_token"]
    assert ask(either, f"{ORDERS}?access_token={token}") == NOT_SIGNED_IN
    assert ask(either, f"{ORDERS}?Authorization=Bearer%20{token}") == NOT_SIGNED_IN
    assert ask(either, ORDERS, ("Cookie", f"access_token={token}")) == NOT_SIGNED_IN
    assert ask(either, ORDERS, ("Cookie", f"sessionid={token}")) == NOT_SIGNED_IN
    form = {"access_token": token}
    refunds = f"{ORDERS}{order_as_guest(either, 'guest@example.com')}/refunds/"
    assert ask(either, refunds, method="POST", form=form) == NOT_SIGNED_IN
    assert ask(either, ORDERS, ("Authorization", f"Token {token}")) == NOT_SIGNED_IN


def test_an_identity_from_outside_is_dropped(either: str, adas: dict[str, Any]) -> None:
    forged = Key("identity").sign(
        {
            "iss": "extract-identity", "aud": "extract-internal", "sub": "somebody",
            "src": "bearer", "roles": ["customer", "staff"],
            "iat": NOW, "nbf": NOW, "exp": NOW + HOUR,
            "jti": "a-token", "token_type": "identity",
        }
    )  # fmt: skip
    order = f"{ORDERS}{order_as_guest(either, 'guest@example.com')}/"
    adas_cookie = cookie_of(signed_in(either, *ADA), either)
    for token in (forged, adas["access_token"], "nonsense"):
        for headers in (
            (("X-Identity", token),),
            (("X-Identity", token), ("X-Identity", token)),
            (("X_Identity", token),),
            (("x_identity", token), ("X-Identity", token)),
        ):
            assert ask(either, ORDERS, *headers) == NOT_SIGNED_IN, headers
            assert ask(either, ORDERS, adas_cookie, *headers)[0] == 200
            assert ask(either, order, adas_cookie, *headers)[0] == 404
            assert orders(either, adas["access_token"], *headers)[0] == 200
