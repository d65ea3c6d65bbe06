"""The registry at 10, 100 and 1,000 instances: how long choosing takes, and hearing of a change."""

from __future__ import annotations

import functools
import itertools
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any
from unittest import mock
from wsgiref.simple_server import WSGIRequestHandler, make_server

from msgspec.structs import replace

from extract.registry import Instance, Presence, RedisRegistry, Signed, Tier, View, choose, confirm
from extract.trust import HOME, InternalEntry, RoleKeys, Trust
from shop.routes import APP_LABELS
from tests import components
from tests.bench.measure import Figure, compare
from tests.redis_server import RedisServer

SIZES = (10, 100, 1000)
CHANGES = 200
STARTS = 100
APPS = APP_LABELS
KEYS = {role: RoleKeys(role, f"the secret of {role}, for figures only") for role in (*APPS, HOME)}
PUBLIC = {role: keys.public for role, keys in KEYS.items()}
_ids = itertools.count()


def run() -> list[Figure]:
    server = RedisServer(components.redis_server())
    try:
        figures = [figure for size in SIZES for figure in _at(size, server)]
        return [*figures, _ready_to_seen(server)]
    finally:
        server.remove()


def _at(size: int, server: RedisServer) -> Iterator[Figure]:
    server.flush()
    with closing(RedisRegistry(server.url, lease=600)) as registry:
        instances = [_instance(APPS[number % len(APPS)]) for number in range(size)]
        for instance in instances:
            _announce(registry, instance)
        with _watched(server, lambda instance: None) as view:
            _until(lambda: len(view.known()) == size)
            yield _resolve(size, view)
            yield _change_to_subscriber(size, view, registry, instances)


def _resolve(size: int, view: View) -> Figure:
    return compare(
        f"resolve an app, {size} instances",
        lambda: view.serving("product"),
        "choosing anew",
        lambda: choose("product", view.known()),
        times=1000 if size < 1000 else 100,
        note="kept until something changes",
    )


def _change_to_subscriber(
    size: int, view: View, registry: RedisRegistry, instances: list[Instance]
) -> Figure:
    told = threading.Event()
    view.subscribe(told.set)
    taken = []
    for number in range(CHANGES):
        told.clear()
        changed = replace(instances[number % size], weight=101 + number)
        signed = Signed.of(changed, KEYS[changed.role])
        began = time.perf_counter()
        registry.announce(changed.id, signed)
        told.wait(10)
        taken.append((time.perf_counter() - began) * 1000)
    return _percentiles(f"change to subscriber, {size} instances", taken, "real Redis, p50")


def _ready_to_seen(server: RedisServer) -> Figure:
    """With heartbeat, push and the proof over HTTP, as when a process starts."""
    server.flush()
    current: list[Trust] = [Trust(KEYS["product"], "none", PUBLIC)]
    with (
        mock.patch.object(confirm, "own_trust", side_effect=lambda: current[0]),
        _serving(InternalEntry(None, trust=lambda: current[0])) as address,
        _watched(server, None) as view,
    ):
        taken = [_start(server, view, current, address) for _ in range(STARTS)]
    return _percentiles("ready to first seen", taken, "readiness is polled every 50 ms; p50")


def _start(server: RedisServer, view: View, current: list[Trust], address: str) -> float:
    instance = replace(_instance("product"), address=address)
    trust = current[0] = Trust(KEYS["product"], instance.id, PUBLIC)
    is_ready, seen = threading.Event(), threading.Event()

    def look() -> None:
        if any(one.id == instance.id for one in view.serving("product")):
            seen.set()

    unsubscribe = view.subscribe(look)
    presence = Presence(RedisRegistry(server.url), lambda: instance, trust, is_ready.is_set)
    presence.start()
    time.sleep(random.uniform(0.05, 0.1))
    began = time.perf_counter()
    is_ready.set()
    seen.wait(10)
    taken = (time.perf_counter() - began) * 1000
    presence.withdraw()
    unsubscribe()
    return taken


def _percentiles(name: str, milliseconds: list[float], note: str) -> Figure:
    cuts = statistics.quantiles(milliseconds, n=100)
    return Figure(
        name=name,
        value=cuts[49],
        unit="ms",
        n=len(milliseconds),
        note=f"{note}; p99 {cuts[98]:.3g} ms",
    )


def _instance(role: str) -> Instance:
    number = next(_ids)
    contracts = {role: f"{number:064d}"}
    address = f"127.0.0.1:{20_000 + number}"
    return Instance(id=f"n{number}", role=role, tier=Tier.OWN, address=address, contracts=contracts)


def _announce(registry: RedisRegistry, instance: Instance) -> None:
    registry.announce(instance.id, Signed.of(instance, KEYS[instance.role]))


@contextmanager
def _watched(server: RedisServer, confirming: Callable[[Instance], Any] | None) -> Iterator[View]:
    trust = Trust(KEYS[HOME], "bench", PUBLIC)
    view = View(RedisRegistry(server.url), trust, confirm=confirming)
    view.start()
    try:
        yield view
    finally:
        view.stop()


@contextmanager
def _serving(application: Any) -> Iterator[str]:
    quiet = type("Quiet", (WSGIRequestHandler,), {"log_message": lambda *_: None})
    server = make_server("127.0.0.1", 0, application, handler_class=quiet)
    thread = threading.Thread(target=functools.partial(server.serve_forever, 0.01))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.01)
