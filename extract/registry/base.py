"""The registry as everyone sees it. The real one is on Redis, its twin in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from extract.registry.instance import Signed

HEARTBEAT = 0.5
"""Seconds between two announcements of an instance."""
LEASE = 2.0
"""Seconds for which an announcement holds, on the registry's own clock."""


class RegistryDown(Exception):
    """The registry does not answer; what was known of it last goes on being used."""


class Record(msgspec.Struct, frozen=True):
    """One announced instance. ``lapsed``: its lease ran out, which alone means nothing."""

    id: str
    signed: Signed
    lapsed: bool


class Snapshot(msgspec.Struct, frozen=True):
    """Everything registered: ``withdrawn`` are ids that said goodbye, ``drained`` those that an
    operator took out of service."""

    records: tuple[Record, ...]
    withdrawn: frozenset[str]
    drained: frozenset[str]


class Registry(Protocol):
    """Every method raises ``RegistryDown`` when the registry cannot be reached."""

    def announce(self, id: str, signed: Signed) -> None:
        """Register the instance or renew its lease; tells watchers if anything changed."""
        ...

    def withdraw(self, id: str) -> None:
        """Say goodbye: watchers are told at once, and it is remembered for a while."""
        ...

    def set_drained(self, ids: Iterable[str]) -> None:
        """Replace the drained instances; tells watchers if that is a change."""
        ...

    def look(self) -> Snapshot:
        """Everything, now."""
        ...

    def wait(self, seconds: float) -> bool:
        """Block until something changed since this object's last ``look``: True, or False
        after ``seconds``."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
