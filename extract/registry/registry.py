"""The registry as everyone sees it. The real one is on Redis, its twin in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from extract.registry.instance import Signed


class RegistryDown(Exception):
    """The registry does not answer; what was known of it last goes on being used."""


class Withdrawn(Exception):
    """An id that said goodbye was announced again: a process that comes back needs a new id."""


class Record(msgspec.Struct, frozen=True):
    """One announced instance. ``lapsed``: its lease ran out, which alone means nothing."""

    id: str
    signed: Signed
    lapsed: bool


class Snapshot(msgspec.Struct, frozen=True):
    """Everything registered: ``withdrawn`` are ids that said goodbye, ``drained`` those that an
    operator took out of service; None if nobody has told the registry, as after a flush.
    ``doubted`` are silent ones, by whom."""

    records: tuple[Record, ...]
    withdrawn: frozenset[str]
    drained: frozenset[str] | None
    doubted: Mapping[str, frozenset[str]] = {}


def doubted(doubts: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    """Pairs of an instance and a looker, as ``Snapshot`` has them."""
    found: dict[str, frozenset[str]] = {}
    for id, looker in doubts:
        found[id] = found.get(id, frozenset()) | {looker}
    return found


class Registry(Protocol):
    """Every method raises ``RegistryDown`` when the registry cannot be reached."""

    def announce(self, id: str, signed: Signed) -> None:
        """Register the instance or renew its lease; tells watchers if anything changed.

        Raises ``Withdrawn`` for an id that withdrew less than ``REMEMBERED`` seconds ago.
        """
        ...

    def withdraw(self, id: str) -> None:
        """Say goodbye: watchers are told at once, and it is remembered for a while."""
        ...

    def drained(self) -> frozenset[str] | None:
        """The drained instances as the registry was told them; None if nobody has told it."""
        ...

    def set_drained(self, ids: Iterable[str]) -> None:
        """Replace the drained instances; tells watchers if that is a change."""
        ...

    def doubt(self, looker: str, ids: Iterable[str]) -> None:
        """``looker`` finds these instances silent; it holds for ``DOUBT`` seconds."""
        ...

    def look(self) -> Snapshot:
        """Everything, now."""
        ...

    def wait(self, seconds: float) -> bool:
        """Block until something changed since this object's last ``look``: True, or False
        after ``seconds``. A lease that runs out changes nothing until somebody looks."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
