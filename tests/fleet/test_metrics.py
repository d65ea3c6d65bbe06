"""A real Prometheus and a fleet: it finds every process by home, and an alert goes off in time.

``FIFTEEN=1`` has five instances each of payment, invoice and receipt, and waits until the alert
fires; else there are three, and it is seen to be on its way.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import components
from tests.fleets import Fleet, wait_until
from tests.observe.collector import Collector
from tests.prometheus_server import PrometheusServer
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

TOKEN = "the-token-of-this-fleet"
EACH = 5 if os.environ.get("FIFTEEN") else 1
APPS = ("payment", "invoice", "receipt")
ALERT = "QueueGrows"
WAIT = 150.0
"""Seconds: the alert fires a minute after what it is about began."""
BACKDATE = """
from datetime import timedelta
from django.utils import timezone
from extract.data import owned
from extract.event.models import OutboxEvent
waiting = OutboxEvent.objects.using('payment').filter(state='waiting', subscriber='receipt')
with owned('payment'):
    print(waiting.update(occurred_at=timezone.now() - timedelta(minutes=2)))
"""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture(scope="module")
def fleet(make_fleet: Callable[[], Fleet], collector: Collector) -> Fleet:
    """Receipt may not come home. What hops are sent waits until a process ends."""
    bare = make_fleet()
    bare.env |= {"METRICS_TOKEN": TOKEN, "EXTRACT_COME_HOME": "product,payment,invoice"}
    bare.env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
    bare.env |= {"OTEL_BSP_SCHEDULE_DELAY": "3600000"}
    return bare.start("home=1", *(f"{app}={EACH}" for app in APPS))


@pytest.fixture(scope="module")
def prometheus(fleet: Fleet) -> Iterator[PrometheusServer]:
    (home,) = (each for each in fleet.status()["instances"] if each["app"] == "home")
    server = PrometheusServer(components.prometheus(), home["address"], TOKEN)
    yield server
    server.stop()


@pytest.fixture
def buy(fleet: Fleet) -> Iterator[Callable[[int], None]]:
    transport = HttpTransport(fleet.base_url)
    shop = Shop(transport)
    sku = str(shop.request("GET", "/api/products/").json["results"][0]["sku"])

    def times(count: int) -> None:
        for _ in range(count):
            shop.buy(**{sku: 1})

    yield times
    transport.close()


@pytest.fixture(scope="module")
def workers(fleet: Fleet) -> set[str]:
    """The ids of receipt's, which have ended."""
    ids = set(fleet.workers("receipt"))
    manage(fleet, "extract", "scale", "receipt-worker", "0")
    return ids


def status_of(address: str, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", path, headers=headers)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def test_prometheus_scrapes_every_process_that_home_knows(
    fleet: Fleet, prometheus: PrometheusServer
) -> None:
    status = fleet.status()
    running = {
        (each["app"], each["id"], kind): each["address"]
        for kind, listed in (("server", "instances"), ("worker", "workers"))
        for each in status[listed]
    }
    assert sum(app in APPS and kind == "server" for app, _, kind in running) == EACH * len(APPS)

    def scraped() -> dict[tuple[str, str, str], str]:
        return {
            (labels["app"], labels["instance"], labels["kind"]): each["scrapeUrl"]
            for each in prometheus.targets()
            for labels in (each["labels"],)
            if each["health"] == "up"
        }

    wait_until(lambda: scraped().keys() == running.keys())
    for who, url in scraped().items():
        assert url == f"http://{running[who]}/internal/metrics"


def test_without_the_token_nobody_is_told_and_at_the_gateway_nobody_at_all(fleet: Fleet) -> None:
    authorization = {"Authorization": f"Bearer {TOKEN}"}
    gateway = fleet.base_url.removeprefix("http://")
    status = fleet.status()
    for path in ("/internal/metrics", "/internal/targets"):
        for each in (*status["instances"], *status["workers"]):
            assert status_of(each["address"], path) == 404, each
            assert status_of(each["address"], path, **authorization) == 200, each
        assert status_of(gateway, path, **authorization) == 404


def test_a_purchase_is_counted_once_wherever_its_steps_are_done(
    fleet: Fleet, prometheus: PrometheusServer, buy: Callable[[int], None]
) -> None:
    buy(3)
    for expression in (
        'sum(extract_saga_ended_total{saga="checkout", status="finished"})',
        'sum(extract_request_duration_seconds_count{app="payment", method="POST", status="2xx"})',
        'sum(extract_event_duration_seconds_count{app="receipt", step="finish", kind="worker"})',
        'sum(extract_mail_duration_seconds_count{app="receipt", outcome="success"})',
    ):
        wait_until(lambda: sum(prometheus.query(expression).values()) >= 3)  # noqa: B023
    calls = 'sum by ({}) (extract_{}call_duration_seconds_count{{call=~"invoice.*|product.*"}})'
    made = prometheus.query(calls.format("call", ""))
    assert made
    finished = prometheus.query('sum(extract_saga_ended_total{saga="checkout", status="finished"})')
    assert sum(finished.values()) == 3


def test_a_workers_children_send_what_they_did_before_they_end(
    fleet: Fleet, collector: Collector, workers: set[str]
) -> None:
    logs = [log.read_text() for log in fleet.logs.glob("receipt-worker-*.log")]
    lines = [json.loads(line) for log in logs for line in log.splitlines() if line[:1] == "{"]
    done = {
        line["span.id"] for line in lines
        if line.get("event.dataset") == "extract.span" and line["service.node.name"] in workers
    }  # fmt: skip
    assert done
    wait_until(
        lambda: (
            done
            == {
                span.span_id.hex()
                for resource, span in collector.received
                if resource["service.instance.id"] in workers
            }
        )
    )


@pytest.mark.usefixtures("workers")
def test_a_queue_that_grows_has_its_alert(
    fleet: Fleet, prometheus: PrometheusServer, buy: Callable[[int], None]
) -> None:
    def depth() -> float:
        return sum(prometheus.query('max(extract_queue_events{app="receipt"})').values())

    def states() -> list[str]:
        return [state for labels, state in prometheus.alerts(ALERT) if labels["app"] == "receipt"]

    assert states() == []
    for grown_to in (2, 4):
        buy(2)
        wait_until(lambda: depth() >= grown_to)  # noqa: B023
    told = manage(fleet, "shell", "--no-imports", "-c", BACKDATE)
    assert int(told.split()[-1]) == 4
    wait_until(lambda: states() != [])
    if EACH > 1:
        wait_until(lambda: states() == ["firing"], WAIT)
        manage(fleet, "extract", "scale", "receipt-worker", "1")
        wait_until(lambda: states() == [], WAIT)


def manage(fleet: Fleet, *arguments: str) -> str:
    done: Any = fleet.manage(*arguments)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)
