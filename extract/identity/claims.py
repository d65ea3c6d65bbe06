"""What a signed identity says, and what must be true of it whoever signed it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from extract.identity.identity import Identity
from extract.identity.source import Source

ISSUER = "extract-identity"
AUDIENCE = "extract-internal"
LIFETIME = 60
"""Seconds that a token is good for: how long a revoked sign-in may go on working inside."""
LEEWAY = 2
"""Seconds that the clocks of two machines may differ."""

SIGNED_IN = (Source.SESSION, Source.BASIC, Source.BEARER)

Seconds = Annotated[int, msgspec.Meta(ge=0, lt=2**37)]
"""Since the epoch, and within what Python's calendar knows."""


class InvalidToken(Exception):
    """What came as an identity token is none that counts."""


class Claims(msgspec.Struct, frozen=True):
    """What a token says, all of it required. ``sub`` is "" where a credential was sent that
    proves nobody; ``src`` is a ``Source``. It is good from when it was given, for ``LIFETIME``
    seconds at most: a signature alone may not make it last for longer."""

    iss: str
    aud: str
    sub: str
    roles: tuple[str, ...]
    src: Literal["session", "basic", "bearer", "refused", "braked"]
    iat: Seconds
    nbf: Seconds
    exp: Seconds
    jti: str
    token_type: Literal["identity"]

    def __post_init__(self) -> None:
        if bool(self.sub) != (self.source in SIGNED_IN) or (self.roles and not self.sub):
            raise ValueError("subject, roles and source do not go together")
        if self.nbf != self.iat:
            raise ValueError("it is not good from when it was given")
        if self.exp - self.iat > LIFETIME:
            raise ValueError(f"it is good for more than {LIFETIME} seconds")

    @property
    def identity(self) -> Identity:
        return Identity(subject=self.sub, roles=self.roles)

    @property
    def source(self) -> Source:
        return Source(self.src)
