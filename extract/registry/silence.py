"""Who has been silent for so long that it counts as gone, though nothing refuses at its address.

A machine that vanished refuses nothing: connections to it time out or find no route. So does an
app that is overloaded, whose load must not fall on home. What tells them apart is the lease: to
renew it takes a thread that does nothing else, and no connection but the one to the registry.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping

from extract.registry.lease import SILENT_FOR


class Silence:
    """One process's opinion. ``looker`` is its name, ``silent_for`` seconds.

    An instance counts as gone if its lease has been over for ``silent_for`` while the registry
    answered all the time, if it did not answer this process's last question within a second, and
    if another process says so too.
    """

    def __init__(
        self,
        looker: str,
        *,
        silent_for: float = SILENT_FOR,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.looker = looker
        self._silent_for = silent_for
        self._clock = clock
        self._lapsed_since: dict[str, float] = {}
        self._unanswered: set[str] = set()
        self._long: frozenset[str] = frozenset()

    def looked(self, lapsed: Iterable[str], steady: float) -> None:
        """These leases are over; the registry has answered every look for ``steady`` seconds."""
        now = self._clock()
        self._lapsed_since = {id: self._lapsed_since.get(id, now) for id in lapsed}
        self._unanswered &= self._lapsed_since.keys()
        self._long = frozenset(
            id
            for id, since in self._lapsed_since.items()
            if min(now - since, steady) >= self._silent_for
        )

    def asked(self, id: str, *, answered: bool) -> None:
        """This process asked the instance who it is; a refusal is an answer."""
        if answered:
            self._unanswered.discard(id)
        else:
            self._unanswered.add(id)

    def doubted(self) -> frozenset[str]:
        """Whom this process finds silent; it says so until that changes."""
        return self._long & self._unanswered

    def gone(self, doubted: Mapping[str, Collection[str]]) -> frozenset[str]:
        """Those of whom another one of the ``doubted`` lookers, by instance, says so too."""
        return frozenset(id for id in self.doubted() if set(doubted.get(id, ())) - {self.looker})
