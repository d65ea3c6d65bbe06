"""Who a request comes from: subject and roles, never a user row."""

from extract.identity.basic import basic_allowed
from extract.identity.bearer import bearers_accepted
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
from extract.identity.unknown import LoginUnknown
from extract.identity.verification import Verifier, trust_keys, verifier

__all__ = [
    "ADMIN",
    "CUSTOMER",
    "NOBODY",
    "STAFF",
    "Identity",
    "InvalidToken",
    "LoginUnknown",
    "Source",
    "Verifier",
    "basic_allowed",
    "bearers_accepted",
    "identity_of",
    "trust_keys",
    "verifier",
]
