"""Who a request comes from, as far as apps may know: a subject and roles."""

from __future__ import annotations

from typing import Any

import msgspec

CUSTOMER, STAFF, ADMIN = "customer", "staff", "admin"


class Identity(msgspec.Struct, frozen=True):
    """``subject`` is a UUID as text, or "" for nobody; ``roles`` what that subject may be:
    ``staff`` runs every app, ``staff:payment`` that one."""

    subject: str = ""
    roles: tuple[str, ...] = ()

    @property
    def is_authenticated(self) -> bool:
        return bool(self.subject)

    @property
    def is_staff(self) -> bool:
        """Whether the subject runs the whole shop."""
        return STAFF in self.roles

    def operates(self, app: str) -> bool:
        """Whether the subject may see and change what is anybody's in ``app``."""
        return self.is_staff or staff_of(app) in self.roles


def staff_of(app: str) -> str:
    """The role of who runs one app alone."""
    return f"{STAFF}:{app}"


NOBODY = Identity()


def identity_of(user: Any) -> Identity:
    """The identity of a Django user that has a ``subject``; of anyone else, nobody's.

    Staff with ``limited_to`` run those apps alone.
    """
    if not getattr(user, "is_authenticated", False):
        return NOBODY
    roles = [CUSTOMER]
    if user.is_staff:
        limited_to = getattr(user, "limited_to", None)
        roles += [STAFF] if limited_to is None else map(staff_of, limited_to)
    if user.is_superuser:
        roles.append(ADMIN)
    return Identity(subject=str(user.subject), roles=tuple(roles))
