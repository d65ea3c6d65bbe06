"""Who a request comes from: subject and roles, never a user row."""

from extract.identity.basic import basic_allowed
from extract.identity.claims import InvalidToken
from extract.identity.identity import (
    ADMIN,
    CUSTOMER,
    NOBODY,
    STAFF,
    Identity,
    identity_of,
)
from extract.identity.source import Source
from extract.identity.verification import Verifier, trust_keys, verifier

__all__ = [
    "ADMIN",
    "CUSTOMER",
    "NOBODY",
    "STAFF",
    "Identity",
    "InvalidToken",
    "Source",
    "Verifier",
    "basic_allowed",
    "identity_of",
    "trust_keys",
    "verifier",
]
