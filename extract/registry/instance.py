"""What an instance says of itself, and how its role vouches for it."""

from __future__ import annotations

import base64
import binascii
import enum
from typing import Annotated, Any, Self

import msgspec

from extract.trust import NotTrusted, RoleKeys, Trust


class Tier(enum.Enum):
    """OWN: a process of the app alone. HOME: serves every app, as the backup of each."""

    OWN = "own"
    HOME = "home"


class Kind(enum.Enum):
    """SERVER: answers requests. WORKER: empties queues; its address only tells that it is there."""

    SERVER = "server"
    WORKER = "worker"


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """One process that serves or works.

    ``id`` is letters, digits and hyphens; ``role`` is an app, ``home`` or ``identity``;
    ``address`` is ``host:port``; ``version`` that of the code; ``contracts`` the fingerprint of
    each contract it serves, by app; ``weight`` its share of the traffic (0 to 1000, 100 is
    usual); ``keys`` the JWKs that verify tokens it mints.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,40}$")]
    role: str
    tier: Tier
    address: str
    kind: Kind = Kind.SERVER
    version: str = ""
    contracts: dict[str, str] = {}
    weight: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 100
    keys: tuple[dict[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """``role/id``."""
        return f"{self.role}/{self.id}"


class Signed(msgspec.Struct, frozen=True):
    """An instance's record as it lies in the registry: JSON, and its role's signature (base64)."""

    payload: str
    signature: str

    @classmethod
    def read(cls, text: str) -> Self:
        """The record that lies there as ``text``. What is none is kept as a payload that nobody
        signed: ``open`` says so of it as of any other, and it keeps nobody else out."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError:
            return cls(text, "")

    @classmethod
    def of(cls, instance: Instance, keys: RoleKeys) -> Self:
        """Signed by the instance's role, which must be the keys' own."""
        if keys.role != instance.role:
            raise NotTrusted(f"{keys.role} cannot vouch for an instance of {instance.role}")
        payload = msgspec.json.encode(instance, order="deterministic")
        return cls(payload.decode(), base64.b64encode(keys.sign(payload)).decode())

    def open(self, trust: Trust) -> Instance:
        """The instance. Raises ``NotTrusted`` if it is malformed or its role never signed it."""
        try:
            payload = self.payload.encode()
            instance = msgspec.json.decode(payload, type=Instance)
            signature = base64.b64decode(self.signature, validate=True)
        except (msgspec.MsgspecError, binascii.Error, ValueError, RecursionError) as error:
            raise NotTrusted(f"the registration is malformed: {error}") from error
        trust.public(instance.role).verify(signature, payload)
        return instance
