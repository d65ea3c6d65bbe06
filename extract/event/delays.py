"""When a failed delivery or step is tried again, and when it is given up."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

DEAD = "dead"
# All delays are seconds.
FIRST_DELAY, LONGEST_DELAY = 0.5, 3600.0
OUTAGE_DELAY, OUTAGE_GROWTH = 5.0, 1.1
FIRST_CONFIRMATION_DELAY, LONGEST_CONFIRMATION_DELAY = 0.05, 3.2
FIRST_RESEND_DELAY, LONGEST_RESEND_DELAY = 30.0, 600.0
LOST_AFTER = 3.0
"""Seconds after which what was handed over is lost, if nothing waits on the way any more."""


def max_attempts() -> int:
    """How often an event is tried before it becomes a dead letter."""
    return int(getattr(settings, "EXTRACT_MAX_ATTEMPTS", 12))


def delay_after(attempts: int) -> float:
    """Seconds to wait after that many failures: threefold each time, up to an hour.

    Twelve attempts span about three hours. A tenth is left to chance, so that what failed
    together is not tried again together.
    """
    delay = min(FIRST_DELAY * 3.0 ** (attempts - 1), LONGEST_DELAY)
    return delay * random.uniform(0.9, 1.1)


def delay_in_outage(attempts: int) -> float:
    """Seconds to wait after that many attempts for which something was away.

    As after a failure at first. From five seconds on a tenth longer each time, so that the delay
    is never much more than a tenth of how long the outage has lasted.
    """
    gentle = OUTAGE_DELAY * OUTAGE_GROWTH ** min(max(attempts - 4, 0), 100)
    return min(delay_after(attempts), gentle, LONGEST_DELAY)


def later(attempts: int, error: str, *, delay: float | None = None) -> dict[str, Any]:
    """The columns of a row that has now failed ``attempts`` times and is due after ``delay``
    seconds (default: that of as many failures)."""
    due_at = Now() + timedelta(seconds=delay_after(attempts) if delay is None else delay)
    return {"attempts": attempts, "last_error": error[:1000], "due_at": due_at}


def after_failure(attempts: int, excused: int, error: str) -> dict[str, Any]:
    """The same, but after as many attempts as may be, those not counted that were ``excused``, it
    is dead."""
    counted = attempts - excused
    if counted >= max_attempts():
        columns = {"attempts": attempts, "last_error": error[:1000]}
        return {**columns, "state": DEAD, "done_at": Now()}
    return later(attempts, error, delay=delay_after(counted))


def after_outage(attempts: int, excused: int, error: str) -> dict[str, Any]:
    """The same for an attempt that is excused, since what it needs was away."""
    columns = later(attempts, error, delay=delay_in_outage(excused + 1))
    return {**columns, "excused": excused + 1}


def confirmation_delay(waited: float) -> float:
    """Seconds until the subscriber is asked for a confirmation that is awaited for ``waited``.

    About half of that, and one of few values, so that many rows can be put off at once.
    """
    delay = FIRST_CONFIRMATION_DELAY
    while delay < min(waited / 2, LONGEST_CONFIRMATION_DELAY):
        delay *= 2
    return min(delay, LONGEST_CONFIRMATION_DELAY)


def resend_delay(sends: int) -> float:
    """Seconds for which a confirmation is awaited after so many hand-overs: doubled each time, up
    to ten minutes, since what was handed over may merely wait in a long queue."""
    return min(FIRST_RESEND_DELAY * 2.0 ** (sends - 1), LONGEST_RESEND_DELAY) if sends else 0.0
