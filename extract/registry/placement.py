"""The one rule of placement, for the gateway and for handles alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from extract.registry.instance import Instance, Kind
from extract.registry.known import Known
from extract.trust import HOME


def choose(
    app: str,
    known: Iterable[Known],
    *,
    kind: Kind = Kind.SERVER,
    may_come_home: bool = True,
    compatible: Callable[[Instance], bool] = lambda instance: True,
) -> tuple[Instance, ...]:
    """The instances of that kind that may serve ``app``: its own that are not gone, if any, else
    home's.

    An instance that is merely resting after a failure is still there: an app that is slow or
    overloaded never falls on home.
    """
    there = [
        one.instance
        for one in known
        if one.instance.kind is kind and not one.gone and compatible(one.instance)
    ]
    own = tuple(instance for instance in there if instance.role == app)
    if own or not may_come_home:
        return own
    return tuple(instance for instance in there if instance.role == HOME)
