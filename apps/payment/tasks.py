"""What payment does by itself, when its time has come."""

from __future__ import annotations

from datetime import timedelta

import structlog

from apps.payment.carts import carts_forget
from extract.event.beat import periodic

logger = structlog.get_logger(__name__)


@periodic("payment", "forget_carts", every=timedelta(days=1))
def forget_carts(key: str) -> None:
    """Carts that nobody came back to."""
    logger.info("carts.forgotten", carts=carts_forget())
