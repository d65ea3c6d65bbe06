"""Tokens with anything in them, right or wrong, and keys of any age."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from extract.identity import Identity
from extract.identity.key import JWK, Key
from extract.identity.keyring import Keyring

ADA = Identity(subject="2b7f4a52-6d1c-4f0e-9a49-1c3a7f0f9a10", roles=("customer", "staff"))


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a good token, but for what is changed; ``None`` leaves a claim out."""
    now = int(time.time())
    good = {
        "iss": "extract-identity",
        "aud": "extract-internal",
        "sub": ADA.subject,
        "roles": list(ADA.roles),
        "src": "basic",
        "iat": now,
        "nbf": now,
        "exp": now + 60,
        "jti": "a-token",
        "token_type": "identity",
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def signed(key: Key, **changed: Any) -> str:
    """A token that the key really signed, with these claims changed."""
    return signed_payload(key, claims(**changed))


def signed_payload(key: Key, payload: Any) -> str:
    """Whatever JSON can say, really signed."""
    return jwt.PyJWS().encode(
        json.dumps(payload).encode(), key.private, "RS256", headers={"kid": key.kid}
    )


def unsigned(key: Key) -> str:
    """``alg: none``."""
    return jwt.encode(claims(), None, "none", headers={"kid": key.kid})


def signed_by_what_everybody_knows(key: Key) -> str:
    """HS256, with the published key as the secret."""
    pem = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "JWT", "kid": key.kid}
    said = ".".join(_part(json.dumps(each).encode()) for each in (header, claims()))
    return f"{said}.{_part(hmac.digest(pem, said.encode(), hashlib.sha256))}"


def tampered(token: str) -> str:
    """The same signature under other claims."""
    header, _, signature = token.split(".")
    return f"{header}.{_part(json.dumps(claims(roles=['admin'])).encode())}.{signature}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_kid(ring: Keyring) -> Mapping[str, JWK]:
    """What a ring publishes, as verifiers take it."""
    return {jwk["kid"]: jwk for jwk in ring.published()}


def make_older(ring: Keyring, number: int, seconds: float) -> None:
    """Let the ring's file of that number have been written ``seconds`` ago."""
    then = time.time() - seconds
    os.utime(ring.directory / f"{number}.pem", (then, then))
