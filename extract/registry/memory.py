"""The registry's twin in memory, for tests and for looking at how it behaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from extract.registry.instance import Signed
from extract.registry.lease import DOUBT, FORGOTTEN, LEASE, REMEMBERED
from extract.registry.registry import Record, RegistryDown, Snapshot, Withdrawn, doubted


class Memory:
    """What Redis is to ``RedisRegistry``: shared by all who use the same one.

    ``down`` makes it unreachable; ``clock`` is in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.changed = threading.Condition()
        self.version = 0
        self.down = False
        self.flush()

    def flush(self) -> None:
        """Lose everything, and tell nobody."""
        with self.changed:
            self.leases: dict[str, float] = {}
            self.records: dict[str, Signed] = {}
            self.withdrawn: dict[str, float] = {}
            self.drained: frozenset[str] | None = None
            self.doubts: dict[tuple[str, str], float] = {}

    def tell(self) -> None:
        """Wake who waits. The caller holds ``changed``."""
        self.version += 1
        self.changed.notify_all()


class InMemoryRegistry:
    """As ``RedisRegistry``, with ``memory`` in the place of a server."""

    def __init__(
        self, memory: Memory | None = None, *, lease: float = LEASE, remembered: float = REMEMBERED
    ) -> None:
        self.memory = memory or Memory()
        self._lease, self._remembered = lease, remembered
        self._seen = -1

    def announce(self, id: str, signed: Signed) -> None:
        memory, now = self._reached()
        with memory.changed:
            if memory.withdrawn.get(id, now) > now:
                raise Withdrawn(
                    f"The instance {id} withdrew; a process that comes back needs a new id"
                )
            ends, before = memory.leases.get(id, now), memory.records.get(id)
            memory.leases[id], memory.records[id] = now + self._lease, signed
            old = [each for each, end in memory.leases.items() if end <= now - FORGOTTEN]
            for each in old:
                del memory.leases[each], memory.records[each]
            if before != signed or ends <= now or old:
                memory.tell()

    def withdraw(self, id: str) -> None:
        memory, now = self._reached()
        with memory.changed:
            memory.leases.pop(id, None)
            memory.records.pop(id, None)
            memory.withdrawn[id] = now + self._remembered
            memory.tell()

    def drained(self) -> frozenset[str] | None:
        return self._reached()[0].drained

    def set_drained(self, ids: Iterable[str]) -> None:
        memory, _ = self._reached()
        told = frozenset(ids)
        with memory.changed:
            if memory.drained != told:
                memory.drained = told
                memory.tell()

    def doubt(self, looker: str, ids: Iterable[str]) -> None:
        memory, now = self._reached()
        with memory.changed:
            memory.doubts |= {(id, looker): now + DOUBT for id in ids}

    def look(self) -> Snapshot:
        memory, now = self._reached()
        with memory.changed:
            self._seen = memory.version
            return Snapshot(
                records=tuple(
                    Record(id, signed, memory.leases[id] <= now)
                    for id, signed in memory.records.items()
                ),
                withdrawn=frozenset(id for id, end in memory.withdrawn.items() if end > now),
                drained=memory.drained,
                doubted=doubted(doubt for doubt, end in memory.doubts.items() if end > now),
            )

    def wait(self, seconds: float) -> bool:
        memory, _ = self._reached()
        with memory.changed:
            return memory.changed.wait_for(lambda: memory.version != self._seen, seconds)

    def close(self) -> None:
        pass

    def _reached(self) -> tuple[Memory, float]:
        if self.memory.down:
            raise RegistryDown("The registry in memory was told to be down")
        return self.memory, self.memory.clock()
