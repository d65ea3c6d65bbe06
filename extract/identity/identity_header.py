"""The internal identity as a signed token (JWT, RS256), by djangorestframework-simplejwt.

To be imported once Django's apps are ready: simplejwt has models.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from extract.identity.claims import AUDIENCE, ISSUER, LEEWAY, LIFETIME, Claims, InvalidToken
from extract.identity.identity import Identity
from extract.identity.key import ALGORITHM, Key
from extract.identity.source import Source


class IdentityToken(Token):
    """simplejwt's token whose ``claims`` are there once it is verified."""

    token_type = "identity"
    lifetime = timedelta(seconds=LIFETIME)
    claims: Claims

    def __init__(self, token: Any = None, *, backend: TokenBackend) -> None:
        self._token_backend = backend
        super().__init__(token)

    def verify(self) -> None:
        try:
            self.claims = msgspec.convert(self.payload, Claims)
        except msgspec.ValidationError as error:
            raise TokenError(f"Token has wrong claims: {error}") from error
        super().verify()


class SigningBackend(TokenBackend):
    """simplejwt's backend, but the header names the key."""

    def __init__(self, key: Key) -> None:
        super().__init__(ALGORITHM, audience=AUDIENCE, issuer=ISSUER)
        self.key = key

    def encode(self, payload: dict[str, Any]) -> str:
        claims = {**payload, "aud": self.audience, "iss": self.issuer}
        return jwt.encode(claims, self.key.private, ALGORITHM, headers={"kid": self.key.kid})


class VerifyingBackend(TokenBackend):
    """simplejwt's backend, with the key that the header named."""

    def __init__(self, key: RSAPublicKey) -> None:
        super().__init__(ALGORITHM, audience=AUDIENCE, issuer=ISSUER, leeway=LEEWAY)
        self.key = key

    def get_verifying_key(self, token: Any) -> RSAPublicKey:
        return self.key


def mint_token(identity: Identity, source: Source, key: Key) -> str:
    """A token for a verdict on a credential, good for ``LIFETIME`` seconds from now."""
    token = IdentityToken(backend=SigningBackend(key))
    token["nbf"] = token["iat"]
    token["sub"] = identity.subject
    token["roles"] = list(identity.roles)
    token["src"] = source.value
    return str(token)


def reader_of(key: RSAPublicKey) -> Callable[[str], Claims]:
    """A function from a token that the key signed to its claims; it raises ``InvalidToken``."""
    backend = VerifyingBackend(key)

    def read(token: str) -> Claims:
        try:
            return IdentityToken(token, backend=backend).claims
        except TokenError as error:
            raise InvalidToken(f"The identity token is not valid: {_reason(error)}.") from error

    return read


def _reason(error: BaseException) -> str:
    """What the library found at first: it wraps each error in a vaguer one."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).rstrip(".")
