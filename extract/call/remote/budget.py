"""How often a call may be made again: retries must not become the load that breaks the rest."""

from __future__ import annotations

import random
import threading

RESERVE = 10
"""Retries that may come at once, so that a single failure is made good whatever the traffic."""
CALLS_PER_RETRY = 10
"""Calls that earn a further retry. With the reserve it is never more than a fifth of any hundred
calls or more."""
FIRST_DELAY, LONGEST_DELAY = 0.02, 0.5
"""Seconds before a retry; doubled each time."""


_FULL = RESERVE * CALLS_PER_RETRY


class Budget:
    """The retries of the calls to one app. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._earned = _FULL

    @property
    def left(self) -> int:
        """How many retries may be made now."""
        return self._earned // CALLS_PER_RETRY

    def called(self) -> None:
        """A call is made, for the first time."""
        if self._earned < _FULL:
            with self._lock:
                self._earned = min(_FULL, self._earned + 1)

    def spend(self) -> bool:
        """Whether a retry may be made; it counts as made."""
        with self._lock:
            if self._earned < CALLS_PER_RETRY:
                return False
            self._earned -= CALLS_PER_RETRY
            return True


def pause(attempt: int) -> float:
    """Seconds to wait before the retry that follows the ``attempt``-th try, counted from 1.

    At random, so that those who failed together do not come back together.
    """
    longest = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)
