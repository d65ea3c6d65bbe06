"""Asks processes whether they are who the registry says: in the background, a few at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import structlog

from extract.registry.confirm import NotConfirmed
from extract.registry.instance import Instance

logger = structlog.get_logger(__name__)

THREADS = 8
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
"""Seconds between asking the same one again; doubled each time."""


class _Asked(msgspec.Struct):
    """One that is to be asked: ``at`` is when next, ``answers`` how often something came of it."""

    instance: Instance
    rest: float
    at: float = 0.0
    under_way: bool = False
    answers: int = 0


class Asking:
    """``ask`` raises ``NotConfirmed``; ``heard`` is told the instance and that error or None."""

    def __init__(
        self,
        ask: Callable[[Instance], object],
        heard: Callable[[Instance, NotConfirmed | None], None],
    ) -> None:
        self._ask = ask
        self._heard = heard
        self._asked: dict[str, _Asked] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="registry-asking")

    def want(self, instances: Iterable[Instance]) -> None:
        """From now on these, and no others: each at once, and again after ever longer rests."""
        now = time.monotonic()
        with self._lock:
            before = self._asked
            self._asked = {}
            for instance in instances:
                asked = before.get(instance.id)
                if asked is None or asked.instance.address != instance.address:
                    asked = _Asked(instance, FIRST_DELAY)
                asked.instance = instance
                self._asked[instance.id] = asked
            due = [one for one in self._asked.values() if not one.under_way and one.at <= now]
            for one in due:
                one.under_way = True
                self._pool.submit(self._one, one)

    def has_asked_all(self) -> bool:
        """Whether everyone wanted was heard once at least."""
        with self._lock:
            return all(asked.answers for asked in self._asked.values())

    def stop(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _one(self, asked: _Asked) -> None:
        instance, failed = asked.instance, None
        try:
            self._ask(instance)
        except NotConfirmed as error:
            failed = error
        except Exception as error:
            logger.exception("registry.asking_failed", instance=instance.name)
            failed = NotConfirmed(str(error))
        self._heard(instance, failed)
        with self._lock:
            asked.under_way = False
            asked.answers += 1
            asked.at = time.monotonic() + asked.rest
            asked.rest = min(2 * asked.rest, LONGEST_DELAY)
