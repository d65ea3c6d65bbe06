"""The server's keys: fetched once, looked for again when one is unknown, but not as often as
anybody likes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from extract.oidc import tokens
from extract.oidc.claims import InvalidClaims
from extract.oidc.server import server
from extract.oidc.tokens import verify_access_token
from tests.extract.oidc.issuer import DISCOVERY, KEYS, Issuer, Key


def counts(issuer: Issuer, key: Key) -> bool:
    try:
        verify_access_token(key.sign(issuer.claims(typ="Bearer")))
    except InvalidClaims:
        return False
    return True


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let so many seconds have passed since the keys were fetched."""

    def pass_by(seconds: float) -> None:
        tokens._keys_of(server())._fetched_at -= seconds

    return pass_by


def test_they_are_fetched_once(issuer: Issuer, together: Callable[..., list[Any]]) -> None:
    assert all(together(lambda _: counts(issuer, issuer.key), 20))
    assert issuer.asked == {DISCOVERY: 1, KEYS: 1}


def test_an_unknown_one_is_looked_for_at_most_every_ten_seconds(
    issuer: Issuer, together: Callable[..., list[Any]], later: Callable[[float], None]
) -> None:
    unknown = [Key(f"unknown-{number}") for number in range(8)]
    assert counts(issuer, issuer.key)
    for looks in (2, 3):
        later(10)
        assert not any(together(lambda number: counts(issuer, unknown[number % 8]), 40))
        assert issuer.asked[KEYS] == looks
        assert counts(issuer, issuer.key)


def test_a_rotation_is_followed(issuer: Issuer, later: Callable[[float], None]) -> None:
    assert counts(issuer, issuer.key)
    new = Key("second")
    issuer.published = [new.jwk, issuer.key.jwk]
    later(10)
    assert counts(issuer, new)
    assert counts(issuer, issuer.key)
    issuer.published = [new.jwk]
    later(10)
    assert not counts(issuer, Key("third"))  # which has them fetched
    assert not counts(issuer, issuer.key)
    assert counts(issuer, new)


def test_a_retired_one_counts_an_hour_at_most(
    issuer: Issuer, later: Callable[[float], None]
) -> None:
    assert counts(issuer, issuer.key)
    issuer.published = [Key("second").jwk]
    later(3600)
    assert not counts(issuer, issuer.key)


@pytest.mark.parametrize(
    "changed", [{"use": "enc"}, {"alg": "RS512"}, {"kid": None}, {"kty": "oct", "k": "c2VjcmV0"}]
)
def test_what_is_for_something_else_verifies_nothing(
    issuer: Issuer, changed: dict[str, Any]
) -> None:
    issuer.published = [issuer.key.jwk | changed]
    assert not counts(issuer, issuer.key)


@pytest.mark.parametrize(
    "broken", [{"kty": "RSA", "kid": "broken"}, {"kty": "RSA", "n": "?", "e": "!"}, "no key", None]
)
def test_one_that_cannot_be_read_is_passed_over(issuer: Issuer, broken: Any) -> None:
    issuer.published = [broken, issuer.key.jwk]
    assert counts(issuer, issuer.key)
