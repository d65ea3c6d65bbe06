"""Taking instances out of service. The rows decide; the registry is told of them, again and again.

The functions that take a registry need one of their own: not that of a view.
"""

from __future__ import annotations

import datetime as dt
import threading
import time

from django.utils import timezone

from extract.registry.models import Drained
from extract.registry.registry import Registry

FORGET_AFTER = dt.timedelta(hours=1)
POLL_EVERY = 60.0
"""Seconds between two looks at which drained instances still exist."""


def drain(instance: str, *, by: str) -> bool:
    """Record it; ``push`` tells the registry. False if it was drained already."""
    _, is_new = Drained.objects.get_or_create(instance=instance, defaults={"by": by})
    return is_new


def enable(instance: str) -> bool:
    """Forget that it was drained. False if it was not."""
    deleted, _ = Drained.objects.filter(instance=instance).delete()
    return bool(deleted)


def push(registry: Registry) -> None:
    """Tell the registry which instances are drained. Raises ``RegistryDown``."""
    registry.set_drained(_ids())


def repeat(registry: Registry) -> None:
    """``push`` if the registry says otherwise, as after a flush; and forget rows of instances
    that have been away for an hour. For the agent, every second. Raises ``RegistryDown``."""
    # In this order: whoever changes the rows meanwhile pushes afterwards, so what was told
    # before is never newer than the rows.
    told = registry.drained()
    ids = _ids()
    if told != ids:
        registry.set_drained(ids)
    if ids and _look_is_due():
        _forget(registry)


def _ids() -> frozenset[str]:
    return frozenset(Drained.objects.values_list("instance", flat=True))


def _forget(registry: Registry) -> None:
    now = timezone.now()
    listed = {record.id for record in registry.look().records}
    Drained.objects.filter(instance__in=listed).update(seen=now)
    Drained.objects.filter(seen__lt=now - FORGET_AFTER).delete()


_lock = threading.Lock()
_looked = float("-inf")


def _look_is_due() -> bool:
    global _looked
    now = time.monotonic()
    with _lock:
        if now - _looked < POLL_EVERY:
            return False
        _looked = now
        return True
