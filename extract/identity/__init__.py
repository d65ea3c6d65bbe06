"""Who a request comes from: subject and roles, never a user row."""

from extract.identity.basic import basic_allowed
from extract.identity.identity import ADMIN, CUSTOMER, NOBODY, STAFF, Identity, identity_of
from extract.identity.source import Source

__all__ = [
    "ADMIN",
    "CUSTOMER",
    "NOBODY",
    "STAFF",
    "Identity",
    "Source",
    "basic_allowed",
    "identity_of",
]
