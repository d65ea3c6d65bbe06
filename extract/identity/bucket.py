"""How often a client may do something: a bucket of tokens lets bursts pass, refilled evenly."""

from __future__ import annotations

import threading
import time

from django.conf import settings

_FULL_TABLE = 10_000


class Bucket:
    """``burst`` tokens at most for each client, ``per_minute`` of them refilled.

    Buckets live in the process: they bound what one client costs it, and are no quota.
    ``THROTTLE=off`` makes them bottomless.
    """

    def __init__(self, *, per_minute: float, burst: int) -> None:
        self.rate = per_minute / 60
        self.burst = burst
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, client: str) -> float:
        """0.0 if a token was there and is taken, else the seconds until there is one."""
        return self._look(client, taking=True)

    def wait(self, client: str) -> float:
        """The seconds until there is a token; none is taken."""
        return self._look(client, taking=False)

    def _look(self, client: str, *, taking: bool) -> float:
        if getattr(settings, "THROTTLE", "on") == "off":
            return 0.0
        now = time.monotonic()
        with self._lock:
            tokens, since = self._left.pop(client, (float(self.burst), now))
            tokens = min(self.burst, tokens + (now - since) * self.rate)
            there = tokens >= 1
            self._left[client] = (tokens - 1 if there and taking else tokens, now)
            if len(self._left) > _FULL_TABLE:
                # Dicts keep their order: the first one has been idle longest.
                del self._left[next(iter(self._left))]
        return 0.0 if there else (1 - tokens) / self.rate

    def clear(self) -> None:
        """Forget every client."""
        with self._lock:
            self._left.clear()
