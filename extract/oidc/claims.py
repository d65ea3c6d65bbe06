"""What an authorization server says of somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class InvalidClaims(Exception):
    """A token or an answer of the authorization server does not hold what it must."""


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """``sid`` is the session there, "" for none; ``auth_time`` when a password was last asked for,
    in seconds since the epoch, 0 if that is not said. ``roles`` are the realm's."""

    iss: str
    sub: str
    sid: str = ""
    email: str = ""
    email_verified: bool = False
    given_name: str = ""
    family_name: str = ""
    auth_time: int = 0
    roles: frozenset[str] = frozenset()


class _Roles(msgspec.Struct, frozen=True):
    roles: frozenset[str] = frozenset()


class _Said(Claims, frozen=True, kw_only=True):
    """As Keycloak says it."""

    realm_access: _Roles = _Roles()


def read_claims(said: Mapping[str, Any]) -> Claims:
    """The claims among all that was said. Raises ``InvalidClaims``."""
    known = {name: said[name] for name in _Said.__struct_fields__ if said.get(name) is not None}
    known.pop("roles", None)
    try:
        found = msgspec.convert(known, _Said)
    except msgspec.ValidationError as error:
        raise InvalidClaims(f"The claims cannot be read: {error}.") from error
    if not found.sub or len(found.sub) > 255:
        raise InvalidClaims("The claims name nobody.")
    fields = {name: getattr(found, name) for name in Claims.__struct_fields__}
    return Claims(**{**fields, "roles": found.realm_access.roles})
