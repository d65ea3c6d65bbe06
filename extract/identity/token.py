"""The internal identity as a signed token (JWT, RS256), by djangorestframework-simplejwt."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from extract.identity.identity import Identity
from extract.identity.key import ALGORITHM, Key
from extract.identity.source import Source

ISSUER = "extract-identity"
AUDIENCE = "extract-internal"
LIFETIME = 60
"""Seconds that a token is good for: how long a revoked sign-in may go on working inside."""
LEEWAY = 2
"""Seconds that the clocks of two machines may differ."""

_SIGNED_IN = (Source.SESSION, Source.BASIC)

Seconds = Annotated[int, msgspec.Meta(ge=0, lt=2**37)]
"""Since the epoch, and within what Python's calendar knows."""


class InvalidToken(Exception):
    """What came as an identity token is none that counts."""


class Claims(msgspec.Struct, frozen=True):
    """What a token says, all of it required. ``sub`` is "" where a credential was sent that
    proves nobody; ``src`` is a ``Source``."""

    iss: str
    aud: str
    sub: str
    roles: tuple[str, ...]
    src: Literal["session", "basic", "refused", "braked"]
    iat: Seconds
    nbf: Seconds
    exp: Seconds
    jti: str
    token_type: Literal["identity"]

    def __post_init__(self) -> None:
        if bool(self.sub) != (self.source in _SIGNED_IN) or (self.roles and not self.sub):
            raise ValueError("subject, roles and source do not go together")

    @property
    def identity(self) -> Identity:
        return Identity(subject=self.sub, roles=self.roles)

    @property
    def source(self) -> Source:
        return Source(self.src)


class IdentityToken(Token):
    """simplejwt's token with the claims above; ``claims`` is there once it is verified."""

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


def read_token(token: str, backend: VerifyingBackend) -> Claims:
    """The claims of a token that the backend's key signed. Raises ``InvalidToken``."""
    try:
        return IdentityToken(token, backend=backend).claims
    except TokenError as error:
        raise InvalidToken(f"The identity token is not valid: {_reason(error)}.") from error


def _reason(error: BaseException) -> str:
    """What the library found at first: it wraps each error in a vaguer one."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).rstrip(".")
