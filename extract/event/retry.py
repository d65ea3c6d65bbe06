"""When a failed delivery or step is tried again, and when it is given up."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

DEAD = "dead"
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 3600.0
FIRST_LOOK, LONGEST_LOOK = 0.05, 5.0
FIRST_WAIT, LONGEST_WAIT = 30.0, 600.0


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


def later(attempts: int, error: str) -> dict[str, Any]:
    """The columns of a row that has now failed ``attempts`` times and is due later."""
    pause = timedelta(seconds=pause_after(attempts))
    return {"attempts": attempts, "last_error": error[:1000], "due_at": Now() + pause}


def after_failure(attempts: int, error: str) -> dict[str, Any]:
    """The same, but after as many attempts as may be it is dead."""
    if attempts >= max_attempts():
        columns = {"attempts": attempts, "last_error": error[:1000]}
        return {**columns, "state": DEAD, "done_at": Now()}
    return later(attempts, error)


def look_again_after(waited: float) -> float:
    """Seconds until the subscriber is asked for a confirmation that is awaited for ``waited``.

    About half of that, and one of few values, so that many rows can be put off at once.
    """
    pause = FIRST_LOOK
    while pause < min(waited / 2, LONGEST_LOOK):
        pause *= 2
    return min(pause, LONGEST_LOOK)


def send_again_after(sends: int) -> float:
    """Seconds for which a confirmation is awaited after so many hand-overs: doubled each time, up
    to ten minutes, since what was handed over may merely wait in a long queue."""
    return min(FIRST_WAIT * 2.0 ** (sends - 1), LONGEST_WAIT) if sends else 0.0
