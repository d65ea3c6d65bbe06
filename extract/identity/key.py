"""One RSA key pair of the identity role, and its public half as others are told of it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ALGORITHM = "RS256"
BITS = 2048

JWK = dict[str, Any]
"""A public key as RFC 7517 has it, with ``kid``, ``alg`` and ``use``; all members are text."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """``made_at`` is when its file was written, in seconds since the epoch."""

    kid: str
    private: rsa.RSAPrivateKey
    jwk: JWK
    made_at: float


def read_key(pem: bytes, made_at: float) -> Key:
    """The key of a private PEM. Raises ``ValueError`` or ``TypeError`` if it is none of ours."""
    private = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(private, rsa.RSAPrivateKey) or private.key_size < BITS:
        raise ValueError(f"it holds no RSA key of {BITS} bits")
    public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    jwk = {name: public[name] for name in ("kty", "n", "e")}
    jwk |= {"kid": thumbprint(jwk), "alg": ALGORITHM, "use": "sig"}
    return Key(kid=jwk["kid"], private=private, jwk=jwk, made_at=made_at)


def new_pem() -> bytes:
    """A new private key; takes about a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=BITS).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def thumbprint(jwk: JWK) -> str:
    """The RFC 7638 thumbprint of an RSA key: SHA-256 in base64url without padding."""
    members = {name: jwk[name] for name in ("e", "kty", "n")}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
