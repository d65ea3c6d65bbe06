"""How often a call may be made again: retries must not become the load that breaks the rest."""

from __future__ import annotations

import random
import threading

RESERVE = 10.0
"""Retries that may come at once, so that a single failure is made good whatever the traffic."""
EARNED = 0.1
"""Retries that each call adds to what may be spent. With the reserve it is never more than a
fifth of any hundred calls or more."""
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.5
"""Seconds before a retry; doubled each time."""


class Budget:
    """The retries of the calls to one app. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = RESERVE

    def called(self) -> None:
        """A call is made, for the first time."""
        if self._left < RESERVE:
            with self._lock:
                self._left = min(RESERVE, self._left + EARNED)

    def spend(self) -> bool:
        """Whether a retry may be made; it counts as made."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True


def pause(attempt: int) -> float:
    """Seconds to wait before the retry that follows the ``attempt``-th try, counted from 1.

    At random, so that those who failed together do not come back together.
    """
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)
