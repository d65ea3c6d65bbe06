"""Tokens that the authorization server has signed, and what must be true of each kind.

ID tokens: OpenID Connect Core 1.0, 3.1.3.7. Logout tokens: OpenID Connect Back-Channel Logout 1.0,
2.6. Access tokens as bearers: RFC 9700, with introspection besides.
"""

from __future__ import annotations

import threading
import time
from functools import cache
from typing import Any

import jwt
import structlog

from extract.oidc.claims import InvalidClaims
from extract.oidc.server import Server, server

logger = structlog.get_logger(__name__)

ALGORITHMS = ["RS256"]
LEEWAY = 10
"""Seconds that the clocks may differ."""
LONGEST = 16 * 1024
REFETCH_EVERY = 10.0
"""Seconds between two looks for a key that was not there: anybody can name one."""
KEPT_FOR = 3600.0
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Keys:
    """The server's public keys by ``kid``; fetched again for one that is not known. Thread-safe."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")

    def of(self, kid: str) -> jwt.PyJWK:
        """Raises ``InvalidClaims`` for a key that is not published, and ``ServerAway``."""
        with self._lock:
            age = time.monotonic() - self._fetched_at
            if age > KEPT_FOR or (kid not in self._keys and age > REFETCH_EVERY):
                self._fetch()
            if kid not in self._keys:
                raise InvalidClaims("The token names a key that is not published.")
            return self._keys[kid]

    def _fetch(self) -> None:
        found = [jwk for jwk in self._server.signing_keys() if jwk.get("use", "sig") == "sig"]
        self._keys = {
            str(jwk.get("kid")): key
            for jwk in found
            if jwk.get("kty") == "RSA" and jwk.get("alg", ALGORITHMS[0]) in ALGORITHMS
            if (key := _read_key(jwk))
        }
        self._fetched_at = time.monotonic()


def _read_key(jwk: dict[str, Any]) -> jwt.PyJWK | None:
    """None for one that cannot be read: the others count all the same (RFC 7517, 5)."""
    try:
        return jwt.PyJWK(jwk, ALGORITHMS[0])
    except (jwt.PyJWTError, ValueError) as error:
        logger.warning("oidc.key_unreadable", kid=str(jwk.get("kid")), error=str(error))
        return None


@cache
def _keys_of(server: Server) -> Keys:
    return Keys(server)


def verify_id_token(token: str, *, nonce: str) -> dict[str, Any]:
    """The claims of an ID token that answers the request with that nonce."""
    said = _verified(token, ["exp", "iat", "sub", "aud", "iss", "nonce"])
    if not nonce or said["nonce"] != nonce:
        raise InvalidClaims("The ID token answers another request.")
    _expect_kind(said, "ID")
    ours = server().client_id
    if said.get("azp", ours) != ours or (isinstance(said["aud"], list) and "azp" not in said):
        raise InvalidClaims("The ID token is another client's.")
    return said


def verify_access_token(token: str) -> dict[str, Any]:
    """The claims of an access token that is for this shop. It may be revoked: that is asked."""
    said = _verified(token, ["exp", "iat", "sub", "aud", "iss"])
    _expect_kind(said, "Bearer")
    if "nonce" in said and "scope" not in said:
        raise InvalidClaims("The token is no access token.")
    return said


def verify_logout_token(token: str) -> dict[str, Any]:
    """The claims of a logout token, which names a session or a subject. ``jti`` is the caller's
    to look at: each counts once."""
    said = _verified(token, ["iat", "exp", "aud", "iss", "jti", "events"])
    _expect_kind(said, "Logout")
    events = said["events"]
    if not (isinstance(events, dict) and isinstance(events.get(LOGOUT_EVENT), dict)):
        raise InvalidClaims("The token is about something else than a logout.")
    if "nonce" in said:
        raise InvalidClaims("A logout token has no nonce.")
    names = [said.get(name) for name in ("sid", "sub")]
    if not any(isinstance(name, str) and name for name in names):
        raise InvalidClaims("The logout token names neither a session nor a subject.")
    return said


def _expect_kind(said: dict[str, Any], kind: str) -> None:
    """Keycloak says in ``typ`` what a token is; others need not."""
    if said.get("typ", kind) != kind:
        raise InvalidClaims(f"A token of the kind {said['typ']!r} is no {kind} token.")


def _verified(token: str, required: list[str]) -> dict[str, Any]:
    asked = server()
    if len(token) > LONGEST:
        raise InvalidClaims("The token is longer than any of ours.")
    try:
        header = jwt.get_unverified_header(token)
        kid = header.get("kid")
        if header.get("alg") not in ALGORITHMS or not isinstance(kid, str):
            raise InvalidClaims("The token is not signed as ours are.")
        said: dict[str, Any] = jwt.decode(
            token,
            _keys_of(asked).of(kid),
            algorithms=ALGORITHMS,
            audience=asked.client_id,
            issuer=asked.issuer,
            leeway=LEEWAY,
            options={"require": required, "verify_nbf": True, "verify_iat": True},
        )
    except jwt.InvalidTokenError as error:
        raise InvalidClaims(f"The token is not valid: {error}.") from error
    return said
