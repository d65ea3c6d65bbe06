"""Who is there, as one process knows it: what each look at the registry changes in that."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from extract.registry.instance import Instance
from extract.registry.known import Known

FORGET_AFTER = 300.0
"""Seconds after which an instance that is gone and listed no more is dropped."""


class Listed(NamedTuple):
    """A record of the registry whose signature was right."""

    instance: Instance
    lapsed: bool


class Membership:
    """``known`` were proven; ``unproven`` are listed, and their processes must be asked first.

    Both by id. No threads and no network here; every method says whether ``known`` changed.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.known: dict[str, Known] = {}
        self.unproven: dict[str, Known] = {}
        self._drained: frozenset[str] = frozenset()
        self._replaced: set[str] = set()
        self._gone_since: dict[str, float] = {}
        self._clock = clock

    def look(
        self,
        listed: Mapping[str, Listed],
        withdrawn: frozenset[str],
        drained: frozenset[str] | None,
        vanished: frozenset[str] = frozenset(),
    ) -> bool:
        """Nobody is lost by not being listed; who withdrew is, once the registry forgot that.

        ``drained`` None: the registry was not told, so what was known of it holds. Who has
        ``vanished`` has done so until it is heard of again.
        """
        self._drained = self._drained if drained is None else drained
        self._replaced &= listed.keys()
        known = {}
        for id, before in self.known.items():
            if id in withdrawn:
                known[id] = replace(before, withdrawn=True)
            elif not before.withdrawn:
                known[id] = self._after(before, listed.get(id), id in vanished)
        self.unproven = {
            id: Known(instance, lapsed=lapsed, drained=id in self._drained)
            for id, (instance, lapsed) in listed.items()
            if id not in withdrawn
            and id not in self._replaced
            and (id not in known or known[id].instance.address != instance.address)
        }
        self._drop_gone(known, listed)
        return self._become(known)

    def expire(self) -> bool:
        """The registry has been away for so long that every lease ran out."""
        return self._become({id: replace(known, lapsed=True) for id, known in self.known.items()})

    def proven(self, instance: Instance) -> bool:
        """The process at its address is this instance, so nobody else is there any more."""
        id = instance.id
        listed = self.unproven.get(id)
        if listed is None or listed.instance.address != instance.address:
            return self._be_there(id)
        self.unproven = {other: each for other, each in self.unproven.items() if other != id}
        known = {
            other: each
            for other, each in self.known.items()
            if other != id and each.instance.address != instance.address
        }
        self._replaced = self._replaced | (self.known.keys() - known.keys() - {id})
        return self._become({**known, id: listed})

    def mark(self, id: str, *, refused: bool) -> bool:
        """The last connection to the instance was refused, or was not."""
        known = self.known.get(id)
        if known is None or known.refused == refused:
            return False
        return self._become({**self.known, id: replace(known, refused=refused)})

    def not_there(self, id: str) -> bool:
        """Its process was asked, and is not there. Who has announced itself meanwhile is."""
        known = self.known.get(id)
        return known is not None and known.lapsed and self.mark(id, refused=True)

    def lapsed(self) -> list[str]:
        """The ids of those who did not withdraw and whose lease is over."""
        return [id for id, each in self.known.items() if each.lapsed and not each.withdrawn]

    def to_ask(self) -> list[Instance]:
        """Those to be proven, and those of whom only their silence towards the registry is known:
        they may be dead, or the registry may have been."""
        silent = [self.known[id].instance for id in self.lapsed() if id not in self.unproven]
        return [*(known.instance for known in self.unproven.values()), *silent]

    def _be_there(self, id: str) -> bool:
        if (known := self.known.get(id)) is None:
            return False
        return self._become({**self.known, id: replace(known, refused=False, vanished=False)})

    def _after(self, before: Known, listed: Listed | None, vanished: bool) -> Known:
        drained = before.instance.id in self._drained
        vanished = before.vanished or vanished
        if listed is None or listed.instance.address != before.instance.address:
            return replace(before, lapsed=True, drained=drained, vanished=vanished)
        came_back = before.lapsed and not listed.lapsed
        return Known(
            listed.instance,
            lapsed=listed.lapsed,
            drained=drained,
            refused=before.refused and not came_back,
            vanished=vanished and listed.lapsed,
        )

    def _drop_gone(self, known: dict[str, Known], listed: Mapping[str, Listed]) -> None:
        now = self._clock()
        gone = {
            id
            for id, each in known.items()
            if each.lapsed and (each.refused or each.vanished) and id not in listed
        }
        self._gone_since = {id: self._gone_since.get(id, now) for id in gone}
        for id, since in self._gone_since.items():
            if now - since > FORGET_AFTER:
                del known[id]

    def _become(self, known: dict[str, Known]) -> bool:
        changed = known != self.known
        self.known = known
        return changed
