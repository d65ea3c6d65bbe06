"""What an instance's record says besides its address."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from extract.call.remote import fingerprints_served
from extract.identity.keyring import keyring
from extract.trust import IDENTITY


def extra() -> dict[str, Any]:
    """Version of the code, contracts served, and identity's keys as they are now."""
    keys = keyring().published() if settings.EXTRACT_ROLE == IDENTITY else ()
    return {"version": settings.EXTRACT_VERSION, "contracts": fingerprints_served(), "keys": keys}
