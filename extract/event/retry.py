"""When a failed delivery or second step is tried again, and when it is given up."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

DEAD = "dead"
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 3600.0


def max_attempts() -> int:
    """How often an event is tried before it becomes a dead letter."""
    return int(getattr(settings, "EXTRACT_MAX_ATTEMPTS", 12))


def pause_after(attempts: int) -> float:
    """Seconds to wait after that many failures: threefold each time, up to an hour.

    Twelve attempts span about three hours. A tenth is left to chance, so that what failed
    together is not tried again together.
    """
    pause = min(FIRST_PAUSE * 3.0 ** (attempts - 1), LONGEST_PAUSE)
    return pause * random.uniform(0.9, 1.1)


def after_failure(attempts: int, error: str) -> dict[str, Any]:
    """The columns of a row that has now failed ``attempts`` times: due later, or dead."""
    columns: dict[str, Any] = {"attempts": attempts, "last_error": error[:1000]}
    if attempts >= max_attempts():
        return {**columns, "state": DEAD, "done_at": Now()}
    return {**columns, "due_at": Now() + timedelta(seconds=pause_after(attempts))}
