"""Which processes may be believed: each role's keys, signed requests between processes."""

from extract.trust.entry import (
    Answered,
    InternalEntry,
    InternalRequest,
    internal,
    internal_in_flight,
)
from extract.trust.errors import NotTrusted
from extract.trust.keys import PublicKeys, RoleKeys
from extract.trust.request_signature import Signature
from extract.trust.trust import GATEWAY, HOME, IDENTITY, Trust, own_trust

__all__ = [
    "GATEWAY",
    "HOME",
    "IDENTITY",
    "Answered",
    "InternalEntry",
    "InternalRequest",
    "NotTrusted",
    "PublicKeys",
    "RoleKeys",
    "Signature",
    "Trust",
    "internal",
    "internal_in_flight",
    "own_trust",
]
