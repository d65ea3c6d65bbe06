"""What is so of this process now: what it is, how busy, and how it gets on with the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.conf import settings
from django.db import connections
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from extract.call.remote import Placed, installed
from extract.registry import Known, View, current_view
from extract.registry.load import in_flight
from extract.trust import HOME

POSTGRESQL = "django.db.backends.postgresql"


class ThisProcess(Collector):
    """Reads memory alone: nothing here can wait. Of a worker's parent, which does not ``serve``,
    there is less to tell: connections are its children's."""

    def __init__(self, *, serves: bool) -> None:
        self._serves = serves

    def collect(self) -> Iterator[Metric]:
        yield _info()
        yield GaugeMetricFamily(
            "extract_requests_in_flight",
            "Requests, calls and messages that this process is at.",
            value=in_flight(),
        )
        if not self._serves:
            return
        yield from _database_pools()
        view, placed = current_view(), installed()
        if view is not None and placed is not None:
            yield from _calls(view, placed)
        if view is not None and settings.EXTRACT_ROLE == HOME:
            yield _instances(view.known())

    def describe(self) -> Iterator[Metric]:
        """Nothing: what there is to tell is found out when somebody asks."""
        return iter(())


def _info() -> Metric:
    info = GaugeMetricFamily(
        "extract_build_info", "1, and which code this process runs.", labels=("version",)
    )
    info.add_metric((settings.EXTRACT_VERSION,), 1)
    return info


def _calls(view: View, placed: Placed) -> Iterator[Metric]:
    breakers = GaugeMetricFamily(
        "extract_breaker_state",
        "Whether this process calls that instance: 0 yes, 1 the next call is a trial, 2 no. "
        "By method where methods of it failed; for the instance as a whole, call is empty.",
        labels=("app", "peer", "call"),
    )
    roles = {known.instance.id: known.instance.role for known in view.known() if not known.gone}
    under_way = 0
    for id, standing in placed.standings().items():
        under_way += standing.in_flight
        if id in roles:
            for call, state in standing.states().items():
                breakers.add_metric((roles[id], id, call), state)
    yield breakers
    retries = GaugeMetricFamily(
        "extract_call_retries_left",
        "Retries of contract calls to the app that this process may make at once.",
        labels=("app",),
    )
    for app, left in placed.retries_left().items():
        retries.add_metric((app,), left)
    yield retries
    pool = GaugeMetricFamily(
        "extract_call_connections",
        "Connections of this process to other instances.",
        labels=("state",),
    )
    pool.add_metric(("used",), under_way)
    pool.add_metric(("idle",), placed.idle_connections())
    yield pool


def _database_pools() -> Iterator[Metric]:
    pools = GaugeMetricFamily(
        "extract_database_connections",
        "Connections of this process's pool to the database of the app.",
        labels=("database", "state"),
    )
    waiting = GaugeMetricFamily(
        "extract_database_connection_waiters",
        "Threads of this process that wait for one of these.",
        labels=("database",),
    )
    for alias, config in settings.DATABASES.items():
        if config.get("ENGINE") == POSTGRESQL and config.get("OPTIONS", {}).get("pool"):
            stats = connections[alias].pool.get_stats()  # type: ignore[attr-defined]
            idle = stats["pool_available"]
            pools.add_metric((alias, "used"), stats["pool_size"] - idle)
            pools.add_metric((alias, "idle"), idle)
            waiting.add_metric((alias,), stats["requests_waiting"])
    yield from (pools, waiting)


def _instances(known: tuple[Known, ...]) -> Metric:
    """What stands in the registry, as home sees it: every instance of home tells the same."""
    instances = GaugeMetricFamily(
        "extract_instances",
        "Instances and workers that home knows of; lost: ended without a goodbye, in the last "
        "minutes. The same at each of home, so take the max.",
        labels=("app", "kind", "state"),
    )
    counted: Counter[tuple[str, str, str]] = Counter()
    for each in known:
        who = each.instance.role, each.instance.kind.value
        counted.update({(*who, state): 0 for state in ("up", "drained", "lost")})
        if not each.withdrawn:
            state = "lost" if each.lost else "drained" if each.drained else "up"
            counted[(*who, state)] += 1
    for labels, count in counted.items():
        instances.add_metric(labels, count)
    return instances
