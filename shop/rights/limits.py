"""How often one account may ask."""

from __future__ import annotations

from uuid import UUID

from extract.identity.tries import Limit, reserve
from shop.rights.models import Request

TRIES, SECONDS = 5, 3600


def count(kind: Request.Kind, subject: UUID) -> None:
    """Count one request more. Raises ``TooManyTries``."""
    reserve([Limit(name=f"rights-{kind}:{subject}", tries=TRIES, seconds=SECONDS)])
