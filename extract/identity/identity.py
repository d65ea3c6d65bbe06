"""Who a request comes from, as far as apps may know: a subject and roles."""

from __future__ import annotations

from typing import Any

import msgspec

CUSTOMER, STAFF, ADMIN = "customer", "staff", "admin"


class Identity(msgspec.Struct, frozen=True):
    """``subject`` is a UUID as text, or "" for nobody; ``roles`` what that subject may be."""

    subject: str = ""
    roles: tuple[str, ...] = ()

    @property
    def is_authenticated(self) -> bool:
        return bool(self.subject)

    @property
    def is_staff(self) -> bool:
        return STAFF in self.roles


NOBODY = Identity()


def identity_of(user: Any) -> Identity:
    """The identity of a Django user that has a ``subject``; of anyone else, nobody's."""
    if not getattr(user, "is_authenticated", False):
        return NOBODY
    roles = [CUSTOMER]
    if user.is_staff:
        roles.append(STAFF)
    if user.is_superuser:
        roles.append(ADMIN)
    return Identity(subject=str(user.subject), roles=tuple(roles))
