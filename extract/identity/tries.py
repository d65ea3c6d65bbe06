"""How often something was tried: counted before it is tried, and by all processes together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import msgspec
import structlog
from django.conf import settings
from django.core.cache import BaseCache, caches
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

SHARED, OWN = "tries", "default"
"""Django's caches: the one that all processes share, and the process's own, which counts while
the other is away."""

T = TypeVar("T")


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``tries`` of what ``name`` names in ``seconds`` from the first of them."""

    name: str
    tries: int
    seconds: int


class TooManyTries(Exception):
    """A limit is reached; nothing was tried. ``limit`` says which, and for how long at most."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(f"More than {limit.tries} tries of {limit.name}.")
        self.limit = limit


class CountSerializer:
    """What the shared cache holds: integers. Django's own would load any pickle that is there."""

    def dumps(self, count: int) -> int:
        return count

    def loads(self, data: bytes) -> int:
        return int(data)


def reserve(limits: Sequence[Limit]) -> None:
    """Count one try of each, all or none: so many tries at once are no more than so many in turn.

    Raises ``TooManyTries`` for the first limit that is reached. ``THROTTLE=off`` counts nothing.
    """
    if settings.THROTTLE == "off":
        return
    for position, limit in enumerate(limits):
        if _counted(limit) > limit.tries:
            give_back(limits[: position + 1])
            raise TooManyTries(limit)


def give_back(limits: Sequence[Limit]) -> None:
    """Count one try less of each: it was none, or a right one."""
    if settings.THROTTLE == "off":
        return
    for limit in limits:
        _with_cache(partial(_one_less, key=limit.name))


def is_first(limit: Limit) -> bool:
    """Whether this is the first time in ``limit.seconds``; whoever asks next is not."""
    return _with_cache(lambda cache: bool(cache.add(limit.name, 1, limit.seconds)))


def _counted(limit: Limit) -> int:
    return _with_cache(partial(_one_more, limit=limit))


def _one_more(cache: BaseCache, limit: Limit) -> int:
    while True:
        cache.add(limit.name, 0, limit.seconds)
        try:
            count = cache.incr(limit.name)
        except ValueError:  # lapsed in between
            continue
        if count == 1:  # Redis may have made it anew, and would keep it for ever
            cache.touch(limit.name, limit.seconds)
        return count


def _one_less(cache: BaseCache, key: str) -> None:
    try:
        if cache.decr(key) < 0:
            cache.delete(key)
    except ValueError:  # lapsed: nothing is counted any more
        pass


def _with_cache(count: Callable[[BaseCache], T]) -> T:
    try:
        return count(caches[SHARED])
    except RedisError as error:
        logger.warning("tries.counted_alone", error=str(error))
        return count(caches[OWN])
