"""A role's keys, all derived from its one secret, and the halves of them that are public."""

from __future__ import annotations

import base64
import binascii
from typing import Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from extract.trust.errors import NotTrusted

KEY_BYTES = 32


def derived(secret: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose (HKDF-SHA256, RFC 5869): none of them tells another."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(
        secret
    )


class PublicKeys(msgspec.Struct, frozen=True):
    """What others need to believe a role: 32 bytes of Ed25519, 32 of X25519."""

    signing: bytes
    exchange: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ``str()`` of one: 64 bytes in base64url. Raises ``ValueError``."""
        try:
            raw = base64.b64decode(text.strip(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError(f"public keys must be base64url: {error}") from error
        if len(raw) != 2 * KEY_BYTES:
            raise ValueError(f"public keys are {2 * KEY_BYTES} bytes, these are {len(raw)}")
        return cls(signing=raw[:KEY_BYTES], exchange=raw[KEY_BYTES:])

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(self.signing + self.exchange).decode()

    def verify(self, signature: bytes, content: bytes) -> None:
        """Raises ``NotTrusted`` unless the role's own key made ``signature`` over ``content``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.signing).verify(signature, content)
        except (InvalidSignature, ValueError) as error:
            raise NotTrusted("the signature is not the role's") from error


class RoleKeys:
    """The private keys of one role, from its secret."""

    def __init__(self, role: str, secret: str) -> None:
        if not secret:
            raise ValueError(f"The role {role} has no secret to derive its keys from.")
        self.role = role
        raw = secret.encode()
        self._signing = Ed25519PrivateKey.from_private_bytes(derived(raw, f"{role} signing"))
        self._exchange = X25519PrivateKey.from_private_bytes(derived(raw, f"{role} exchange"))

    @property
    def public(self) -> PublicKeys:
        return PublicKeys(
            signing=self._signing.public_key().public_bytes_raw(),
            exchange=self._exchange.public_key().public_bytes_raw(),
        )

    def sign(self, content: bytes) -> bytes:
        """An Ed25519 signature that everyone with the role's public keys can verify."""
        return self._signing.sign(content)

    def pair_secret(self, peer: PublicKeys) -> bytes:
        """32 bytes that only this role and ``peer`` can derive (X25519, then HKDF)."""
        shared = self._exchange.exchange(X25519PublicKey.from_public_bytes(peer.exchange))
        return derived(shared, "pair")
