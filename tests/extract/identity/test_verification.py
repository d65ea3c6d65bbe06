"""A token proves somebody only if identity signed it, for here, now, and as an identity."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from extract.identity import NOBODY, Identity, InvalidToken, Source, Verifier
from extract.identity.identity_header import mint_token
from extract.identity.key import JWK, Key
from extract.identity.keyring import RETIRED_AFTER, Keyring
from tests.extract.identity.tokens import (
    ADA,
    by_kid,
    claims,
    make_older,
    signed,
    signed_by_what_everybody_knows,
    signed_payload,
    tampered,
    unsigned,
)

anything = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

VERDICTS = [
    (ADA, Source.SESSION),
    (ADA, Source.BASIC),
    (NOBODY, Source.REFUSED),
    (NOBODY, Source.BRAKED),
]


@pytest.mark.parametrize(("identity", "source"), VERDICTS, ids=lambda value: str(value)[:16])
def test_what_is_minted_is_believed(
    key: Key, verifier: Verifier, identity: Identity, source: Source
) -> None:
    token = mint_token(identity, source, key)
    assert verifier.verify(token) == (identity, source)
    assert verifier.verify(token) == (identity, source)


def test_no_two_tokens_are_the_same(key: Key) -> None:
    assert mint_token(ADA, Source.BASIC, key) != mint_token(ADA, Source.BASIC, key)


WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "foreign issuer": {"iss": "https://elsewhere.example"},
    "no issuer": {"iss": None},
    "foreign audience": {"aud": "another-service"},
    "no audience": {"aud": None},
    "several audiences": {"aud": ["extract-internal", "another-service"]},
    "ID token": {"token_type": "id"},
    "access token": {"token_type": "access"},
    "no type": {"token_type": None},
    "no exp": {"exp": None},
    "no nbf": {"nbf": None},
    "no iat": {"iat": None},
    "no sub": {"sub": None},
    "no roles": {"roles": None},
    "no src": {"src": None},
    "no jti": {"jti": None},
    "exp as text": {"exp": "99999999999"},
    "exp beyond time": {"exp": 10**15},
    "exp infinite": {"exp": float("inf")},
    "exp true": {"exp": True},
    "nbf as text": {"nbf": "0"},
    "sub a number": {"sub": 7},
    "roles as text": {"roles": "admin"},
    "role a number": {"roles": [1]},
    "src unknown": {"src": "invented"},
    "src none": {"src": "none", "sub": "", "roles": []},
    "roles of nobody": {"sub": "", "src": "refused"},
    "refused somebody": {"src": "refused"},
    "session of nobody": {"sub": "", "roles": [], "src": "session"},
}


@pytest.mark.parametrize("wrong", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
def test_other_claims_prove_nobody(key: Key, verifier: Verifier, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(signed(key, **wrong))


@pytest.mark.parametrize("early", [{"nbf": 10}, {"iat": 10}, {"nbf": 10, "iat": 10}], ids=str)
def test_a_token_is_not_valid_before_its_time(
    key: Key, verifier: Verifier, early: dict[str, int]
) -> None:
    with pytest.raises(InvalidToken, match="not yet valid"):
        verifier.verify(signed(key, **{name: int(time.time()) + n for name, n in early.items()}))


def test_clocks_may_differ_by_two_seconds_and_no_more(key: Key, verifier: Verifier) -> None:
    now = int(time.time())
    assert verifier.verify(signed(key, nbf=now + 1, iat=now + 1))[0] == ADA
    with pytest.raises(InvalidToken, match="expired"):
        verifier.verify(signed(key, exp=now - 3))


LASTING: dict[str, tuple[int, int, int]] = {
    "a second more": (0, 0, 61),
    "100 years": (0, 0, 100 * 365 * 24 * 3600),
    "given long ago": (-3600, -3600, 30),
    "good before it was given": (0, -1, 60),
    "good after it was given": (-30, -10, 30),
}


@pytest.mark.parametrize(("iat", "nbf", "exp"), LASTING.values(), ids=LASTING)
def test_no_token_lasts_longer_than_identity_makes_them(
    key: Key, verifier: Verifier, iat: int, nbf: int, exp: int
) -> None:
    now = int(time.time())
    with pytest.raises(InvalidToken, match="good"):
        verifier.verify(signed(key, iat=now + iat, nbf=now + nbf, exp=now + exp))


@anything
@given(
    iat=st.integers(-200, 200),
    delay=st.just(0) | st.integers(-3, 3),
    life=st.integers(50, 70) | st.integers(-100, 2**36),
)
def test_a_token_is_believed_if_identity_could_have_given_it_now(
    key: Key, verifier: Verifier, iat: int, delay: int, life: int
) -> None:
    # What is near the edge by the clock, and not by the claims alone, has a test above.
    assume(iat not in (3, 4) and not -2 <= iat + life <= 1)
    now = int(time.time())
    token = signed(key, iat=now + iat, nbf=now + iat + delay, exp=now + iat + life)
    could = delay == 0 and life <= 60 and iat <= 2 and iat + life > 0
    with nullcontext() if could else pytest.raises(InvalidToken):
        assert verifier.verify(token)[0] == ADA


def _refusal_in_time(verifier: Verifier, token: str) -> str:
    """What the verifier says once it no longer believes the token."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            verifier.verify(token)
        except InvalidToken as refused:
            return str(refused)
        time.sleep(0.02)
    raise AssertionError("It is still believed.")


def test_a_verdict_lasts_no_longer_than_its_token(key: Key, verifier: Verifier) -> None:
    token = signed(key, exp=int(time.time()))
    assert verifier.verify(token)[0] == ADA
    assert "expired" in _refusal_in_time(verifier, token)


def test_only_the_published_key_signs(key: Key, stranger: Key, verifier: Verifier) -> None:
    borrowed = Key(kid=key.kid, private=stranger.private, jwk=key.jwk, made_at=0)
    for forged in (
        signed(stranger),
        signed(borrowed),
        unsigned(key),
        signed_by_what_everybody_knows(key),
        tampered(signed(key)),
        signed(key).rpartition(".")[0] + ".",
        signed(key)[:-4] + "AAAA",
    ):
        with pytest.raises(InvalidToken):
            verifier.verify(forged)


def test_a_header_without_a_key_or_with_an_own_one_proves_nobody(
    key: Key, stranger: Key, verifier: Verifier
) -> None:
    for headers in ({}, {"kid": stranger.kid, "jwk": stranger.jwk}, {"kid": ""}):
        with pytest.raises(InvalidToken):
            verifier.verify(jwt.encode(claims(), stranger.private, "RS256", headers=headers))


@pytest.mark.parametrize(
    "shape",
    [
        "{0},{0}",
        "{0}, {0}",
        "{0} ",
        " {0}",
        "{0}.",
        "{0}=",
        "{0}==",
        "Bearer {0}",
        "{0}\n",
        "",
        ".",
        "..",
    ],
)
def test_one_token_and_nothing_else(key: Key, verifier: Verifier, shape: str) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(shape.format(signed(key)))


def test_a_huge_token_is_not_looked_at(key: Key, verifier: Verifier) -> None:
    for huge in (signed(key, more="x" * 5000), "A" * 10_000_000, "a.b." + "c" * 10_000_000):
        with pytest.raises(InvalidToken, match="not one token"):
            verifier.verify(huge)


TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too


@anything
@given(token=st.one_of(TEXT, st.from_regex(r"\A[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]*){2}\Z")))
def test_any_text_is_refused_and_nothing_else_happens(verifier: Verifier, token: str) -> None:
    with pytest.raises(InvalidToken):
        verifier.verify(token)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@anything
@given(payload=JSON | st.dictionaries(st.sampled_from(sorted(claims())), JSON).map(
    lambda changed: claims() | changed
))  # fmt: skip
def test_whatever_identity_should_sign_is_believed_or_refused(
    key: Key, verifier: Verifier, payload: Any
) -> None:
    token = signed_payload(key, payload)
    with suppress(InvalidToken):
        identity, source = verifier.verify(token)
        assert (identity.subject, source.value) == (payload["sub"], payload["src"])


def test_both_keys_of_a_rotation_are_valid_and_the_retired_one_is_not(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    verifier = Verifier(lambda: by_kid(Keyring(tmp_path)))
    old = mint_token(ADA, Source.SESSION, ring.signing_key())
    assert verifier.verify(old)[0] == ADA
    make_older(ring, 1, 3600)
    ring.rotate()
    make_older(ring, 2, RETIRED_AFTER - 60)
    new = mint_token(ADA, Source.SESSION, Keyring(tmp_path).signing_key())
    assert _kid(old) != _kid(new)
    assert verifier.verify(old)[0] == verifier.verify(new)[0] == ADA
    make_older(ring, 2, RETIRED_AFTER)
    assert "not published" in _refusal_in_time(verifier, old)
    assert verifier.verify(new)[0] == ADA


def _kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


class Published:
    """Keys that change, and how often they were asked for."""

    def __init__(self, *keys: Key) -> None:
        self.keys = list(keys)
        self.asked = 0

    def __call__(self) -> dict[str, JWK]:
        self.asked += 1
        return {key.kid: key.jwk for key in self.keys}


def test_a_key_published_a_moment_ago_is_asked_for(key: Key, stranger: Key) -> None:
    published = Published(key)
    verifier = Verifier(published)
    assert verifier.verify(signed(key))[0] == ADA
    published.keys.append(stranger)
    assert verifier.verify(signed(stranger))[0] == ADA


def test_tokens_of_unknown_keys_do_not_make_it_ask_without_end(key: Key, stranger: Key) -> None:
    published = Published(key)
    verifier = Verifier(published)
    began = time.monotonic()
    for _ in range(200):
        verifier.verify(signed(key, jti="one"))
        with pytest.raises(InvalidToken):
            verifier.verify(signed(stranger))
    assert published.asked <= 2 * (time.monotonic() - began + 1)


@pytest.mark.parametrize(
    "broken",
    [{}, {"kty": "oct", "k": "AAAA"}, {"kty": "RSA", "n": "?", "e": "AQAB"}, {"kty": "RSA"}],
    ids=json.dumps,
)
def test_a_broken_published_key_harms_no_other(key: Key, stranger: Key, broken: JWK) -> None:
    verifier = Verifier(lambda: {key.kid: key.jwk, stranger.kid: broken})
    with pytest.raises(InvalidToken):
        verifier.verify(signed(stranger))
    assert verifier.verify(signed(key))[0] == ADA


def test_verdicts_kept_are_bounded_and_right(key: Key, together: Any) -> None:
    verifier = Verifier(lambda: {key.kid: key.jwk}, kept=4)
    names = [f"somebody-{n}" for n in range(12)]
    tokens = {name: signed(key, sub=name) for name in names}

    def ask(number: int) -> bool:
        order = names[number:] + names[:number]
        return all(verifier.verify(tokens[name])[0].subject == name for name in order * 3)

    assert together(ask, 8) == [True] * 8
    assert len(verifier._trusted._verdicts) == 4
