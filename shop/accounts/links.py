"""What the links in mails about an account carry: signed, for a day."""

from __future__ import annotations

from typing import Any

import msgspec
from django.core import signing

from shop.accounts.models import User

VALID = 24 * 3600
"""Seconds."""
_REGISTER, _PROVE = "shop.accounts.register", "shop.accounts.prove"


def to_register(address: str) -> str:
    return signing.dumps(address, salt=_REGISTER)


def registering(link: str) -> str | None:
    """The address for which the link was made; None for no valid link."""
    address = _read(link, _REGISTER)
    return None if address is None else str(address)


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """``subject`` says that ``address`` is its own, instead of ``instead_of``."""

    subject: str
    address: str
    instead_of: str


def to_prove(user: User, address: str) -> str:
    proof = Proof(subject=str(user.subject), address=address, instead_of=user.email)
    return signing.dumps(msgspec.structs.asdict(proof), salt=_PROVE)


def proving(link: str) -> Proof | None:
    """What the link says; None for no valid link."""
    proof = _read(link, _PROVE)
    return None if proof is None else Proof(**proof)


def _read(link: str, salt: str) -> Any:
    try:
        return signing.loads(link, salt=salt, max_age=VALID)
    except signing.BadSignature:
        return None
