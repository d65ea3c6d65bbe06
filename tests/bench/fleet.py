"""What a process costs: seconds until it is registered, memory, and until it gets requests."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from django.conf import settings

from extract.registry import Instance, RedisRegistry
from tests.bench.measure import Figure
from tests.fleets import Fleet, wait_until
from tests.scenarios.over_http import HttpTransport

STARTS = 5
ROUNDS, PRODUCTS = 12, 3
TICKS = os.sysconf("SC_CLK_TCK")
CHEAP = "/api/products/NOTHING/"


def run() -> list[Figure]:
    fleet = Fleet(Path(settings.DATA_DIR), {"EXTRACT_SHOW_INSTANCE": "1"}, prepare=False)
    try:
        fleet.start("product=1")
        memory = list(_memory(fleet))
        with _registrations(fleet) as registered:
            ready = [_time_to_ready(fleet, role, registered) for role in ("product", "home")]
            routed = _time_to_first_request(fleet, registered)
        return [*ready, *memory, *routed]
    finally:
        fleet.stop()


def _memory(fleet: Fleet) -> Iterator[Figure]:
    """PSS: what several processes share is divided among them."""
    wait_until(lambda: len(fleet.pids("product")) == 1)
    total = 0.0
    kinds = {"product": "an instance", "gateway": "the gateway's agent", "": "nginx and Redis"}
    for role, name in kinds.items():
        used = sum(_pss(pid) for pid, found in fleet.processes().items() if found == role)
        total += used
        yield Figure(name=f"memory, {name}", value=used, unit="MiB", n=1, note="PSS")
    note = "goal: 270"
    yield Figure(
        name="memory, gateway + Redis + one instance", value=total, unit="MiB", n=1, note=note
    )


def _time_to_ready(fleet: Fleet, role: str, registered: dict[str, float]) -> Figure:
    seconds = []
    for _ in range(STARTS):
        before = fleet.instances(role)
        fleet.manage("extract", "scale", role, "2").check_returncode()
        ((id, pid),) = fleet.instances(role).items() - before.items()
        seconds.append(registered[id] - _started(pid))
        fleet.manage("extract", "scale", role, "1").check_returncode()
    return Figure(
        name=f"process start → registered, {role}",
        value=statistics.median(seconds),
        unit="s",
        n=len(seconds),
        spread=(min(seconds), max(seconds)),
        note="goal: 2 on a quiet machine",
    )


def _time_to_first_request(fleet: Fleet, registered: dict[str, float]) -> list[Figure]:
    """One client asks without a pause, while instances are replaced one after the other."""
    fleet.manage("extract", "scale", "product", str(PRODUCTS)).check_returncode()
    known, first = set(registered), dict[str, float]()
    over = threading.Event()

    def ask() -> None:
        transport = HttpTransport(fleet.base_url)
        while not over.is_set():
            answer = transport.send("GET", CHEAP, headers={}, body=b"")
            first.setdefault(answer.headers["x-served-by"].partition("/")[2], _now())
        transport.close()

    client = threading.Thread(target=ask)
    client.start()
    try:
        for _ in range(ROUNDS):
            fleet.manage("extract", "restart", "product").check_returncode()
    finally:
        over.set()
        client.join()
    waits = sorted((first[id] - registered[id]) * 1000 for id in registered.keys() - known)
    return [
        Figure(
            name=f"registered → first request through the gateway, p{percent}",
            value=waits[min(len(waits) - 1, len(waits) * percent // 100)],
            unit="ms",
            n=len(waits),
            note=note,
        )
        for percent, note in ((50, ""), (99, "goal: 150"))
    ]


@contextmanager
def _registrations(fleet: Fleet) -> Iterator[dict[str, float]]:
    """When each id was seen in Redis first, in seconds since the machine started."""
    seen: dict[str, float] = {}
    over = threading.Event()

    def watch() -> None:
        registry = RedisRegistry(fleet.redis_url)
        while not over.is_set():
            for record in registry.look().records:
                id = msgspec.json.decode(record.signed.payload, type=Instance).id
                seen.setdefault(id, _now())
            registry.wait(0.2)
        registry.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _started(pid: int) -> float:
    """Seconds since the machine started, to a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[19]) / TICKS


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
