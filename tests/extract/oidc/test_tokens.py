"""A token counts only if the authorization server signed it, for this shop, now, as that kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from extract.oidc.claims import InvalidClaims
from extract.oidc.tokens import (
    LOGOUT_EVENT,
    LONGEST,
    verify_access_token,
    verify_id_token,
    verify_logout_token,
)
from tests.extract.oidc.issuer import Issuer, Key

Verify = Callable[[str], dict[str, Any]]

LONG_AGO, MUCH_LATER = 1_000_000_000, 4_000_000_000


def _id_token(token: str) -> dict[str, Any]:
    return verify_id_token(token, nonce="the-nonce")


KINDS: dict[str, tuple[Verify, dict[str, Any]]] = {
    "ID": (_id_token, {"typ": "ID", "nonce": "the-nonce", "azp": "shop"}),
    "Bearer": (verify_access_token, {"typ": "Bearer", "scope": "openid", "azp": "scripts"}),
    "Logout": (verify_logout_token, {"typ": "Logout", "events": {LOGOUT_EVENT: {}}}),
}

kinds = pytest.mark.parametrize("kind", KINDS)


def said(issuer: Issuer, kind: str, **changed: Any) -> dict[str, Any]:
    return issuer.claims(**{**KINDS[kind][1], **changed})


def refuses(kind: str, token: str) -> bool:
    try:
        KINDS[kind][0](token)
    except InvalidClaims:
        return True
    return False


@kinds
def test_a_right_one_counts(issuer: Issuer, kind: str) -> None:
    right = said(issuer, kind)
    assert KINDS[kind][0](issuer.key.sign(right)) == right
    # Others than Keycloak do not say the kind.
    assert not refuses(kind, issuer.key.sign(said(issuer, kind, typ=None)))


@kinds
@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "http://127.0.0.1:9/realms/test"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": ["another-client", "account"]},
        {"aud": []},
        {"aud": None},
        {"exp": LONG_AGO},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": MUCH_LATER},
        {"iat": MUCH_LATER},
        {"iat": None},
    ],
    ids=str,
)
def test_of_another_place_or_time(issuer: Issuer, kind: str, changed: dict[str, Any]) -> None:
    assert refuses(kind, issuer.key.sign(said(issuer, kind, **changed)))


@kinds
def test_signed_by_another_key_or_by_none(issuer: Issuer, kind: str) -> None:
    right = said(issuer, kind)
    token = issuer.key.sign(right)
    header, _, signature = token.split(".")
    _, other, _ = issuer.key.sign({**right, "sub": "somebody-else"}).split(".")
    unknown = Key("unknown")
    for wrong in (
        issuer.key.leave_unsigned(right),
        f"{'.'.join(token.split('.')[:2])}.",
        issuer.key.pretend(right),
        f"{header}.{other}.{signature}",
        unknown.sign(right),
        Key(issuer.key.kid).sign(right),
        jwt.encode(right, issuer.key.private, "RS256"),
        # A key or its address within the token is nobody's word but the token's.
        unknown.sign(right, jwk=unknown.jwk),
        unknown.sign(right, jku=f"{issuer.base_url}/realms/test/keys"),
    ):
        assert refuses(kind, wrong), wrong


@kinds
@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "\0", "é.é.é", "{}", "e30.e30.e30"])
def test_what_is_no_token(issuer: Issuer, kind: str, text: str) -> None:
    assert refuses(kind, text)


@kinds
def test_a_huge_one_is_not_looked_at(issuer: Issuer, kind: str) -> None:
    assert refuses(kind, issuer.key.sign(said(issuer, kind, more="x" * LONGEST)))
    assert not issuer.asked


def test_no_kind_passes_for_another(issuer: Issuer) -> None:
    for of in KINDS:
        for kind in KINDS:
            token = issuer.key.sign(said(issuer, of))
            assert refuses(kind, token) == (kind != of), f"{of} as {kind}"


def test_an_id_token_of_a_server_that_says_no_kind_is_no_bearer(issuer: Issuer) -> None:
    assert refuses("Bearer", issuer.key.sign(said(issuer, "ID", typ=None)))


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "of-another-request"},
        {"nonce": ""},
        {"nonce": None},
        {"sub": None},
        {"azp": "another-client"},
        {"aud": ["shop", "another-client"], "azp": None},
    ],
    ids=str,
)
def test_an_id_token_answers_this_request_of_this_client(
    issuer: Issuer, changed: dict[str, Any]
) -> None:
    assert refuses("ID", issuer.key.sign(said(issuer, "ID", **changed)))


def test_without_a_nonce_of_ours_no_id_token_counts(issuer: Issuer) -> None:
    with pytest.raises(InvalidClaims):
        verify_id_token(issuer.key.sign(said(issuer, "ID", nonce="")), nonce="")


@pytest.mark.parametrize(
    "changed",
    [
        {"events": None},
        {"events": {}},
        {"events": [LOGOUT_EVENT]},
        {"events": {"http://schemas.openid.net/event/other": {}}},
        {"events": {LOGOUT_EVENT: None}},
        {"nonce": "the-nonce"},
        {"nonce": ""},
        {"jti": None},
        {"sid": None, "sub": None},
        {"sid": "", "sub": ""},
    ],
    ids=str,
)
def test_a_logout_token_is_about_a_logout_of_somebody(
    issuer: Issuer, changed: dict[str, Any]
) -> None:
    assert refuses("Logout", issuer.key.sign(said(issuer, "Logout", **changed)))


@pytest.mark.parametrize("named", ["sid", "sub"])
def test_a_logout_token_may_name_the_session_or_the_subject_alone(
    issuer: Issuer, named: str
) -> None:
    unnamed = "sub" if named == "sid" else "sid"
    assert not refuses("Logout", issuer.key.sign(said(issuer, "Logout", **{unnamed: None})))
