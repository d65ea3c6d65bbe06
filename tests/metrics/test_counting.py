"""What is counted of spans: by names that code declares, once each, in a worker's children too."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from prometheus_client import generate_latest

from extract.observe.metrics.from_children import FromChildren
from extract.observe.metrics.series import add, registry
from extract.observe.metrics.spans import observations
from extract.trace import Kind, Span, add_sink, remove_sink, span

METHODS = ("GET", "POST", "BREW", "PROPFIND", "get")


@pytest.fixture(autouse=True)
def counted() -> Iterator[None]:
    """This process's spans."""

    def count(ended: Span) -> None:
        add(observations(ended))

    add_sink(count)
    yield
    remove_sink(count)


def value(name: str, **labels: str) -> float:
    return registry.get_sample_value(name, labels) or 0.0


def series() -> int:
    lines = generate_latest(registry).splitlines()
    return sum(not line.startswith(b"#") for line in lines)


@pytest.mark.usefixtures("database")
def test_a_thousand_paths_add_no_series(client: Client) -> None:
    def visit(number: int) -> None:
        for path in (
            f"/products/{number}-of-many/",
            f"/nothing/{number}",
            f"/api/orders/{uuid4()}/",
            f"/invoices/INV-{number}/",
            f"/{number}\n<script>",
        ):
            client.generic(
                METHODS[number % len(METHODS)], path, headers={"X-Request-ID": f"{number}"}
            )

    for number in range(len(METHODS)):
        visit(number)
    before = series()
    requests = _requests()
    for number in range(len(METHODS), 205):
        visit(number)
    assert _requests() - requests == 1000
    assert series() == before


def _requests() -> float:
    return sum(
        sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "extract_request_duration_seconds_count"
    )


def test_tries_of_a_call_are_calls_and_those_after_the_first_retries() -> None:
    name, labels = "extract_call_duration_seconds_count", {"app": "stock", "call": "stock.count"}
    with pytest.raises(ConnectionError), span("stock.count", Kind.CLIENT, **labels):
        raise ConnectionError
    with span("stock.count", Kind.CLIENT, attempt=2, **labels, peer="stock/ab12"):
        pass
    assert value(name, **labels, outcome="fault") == 1
    assert value(name, **labels, outcome="success") == 1
    assert value("extract_call_retries_total", **labels) == 1
    assert value("extract_served_call_duration_seconds_count", **labels, outcome="success") == 0


def test_who_answers_a_call_counts_it_apart() -> None:
    labels = {"app": "stock", "call": "stock.answer"}
    with span("stock.answer", Kind.SERVER, **labels, caller="home/xy"):
        pass
    assert value("extract_served_call_duration_seconds_count", **labels, outcome="success") == 1
    assert value("extract_call_duration_seconds_count", **labels, outcome="success") == 0


def test_events_steps_and_mails_are_counted_by_their_names() -> None:
    event = {"app": "shelf", "event": "shelf.Filled"}
    about = {"event_id": str(uuid4()), "aggregate": f"shelf/{uuid4()}"}
    with span("sent", Kind.PRODUCER, **event, **about, subscriber="desk"):
        pass
    with span("recorded", Kind.CONSUMER, **event, **about, step="record", waited_ms="90000"):
        pass
    with span("move/lift", Kind.INTERNAL, app="shelf", saga="move", step="lift", saga_id="1"):
        pass
    with span("mail", Kind.CLIENT, app="shelf"):
        pass
    done = {"outcome": "success"}
    assert value("extract_events_sent_total", **event, **done, subscriber="desk") == 1
    assert value("extract_event_duration_seconds_count", **event, **done, step="record") == 1
    assert value("extract_event_wait_seconds_sum", app="shelf") == 90
    step = {"app": "shelf", "saga": "move", "step": "lift"}
    assert value("extract_saga_step_duration_seconds_count", **step, **done) == 1
    assert value("extract_mail_duration_seconds_count", app="shelf", **done) == 1


def test_a_parent_counts_what_its_children_do() -> None:
    heard = threading.Event()
    told: list[tuple[tuple[str, ...], float]] = []

    def take(observed: list[tuple[tuple[str, ...], float]]) -> None:
        told.extend(observed)
        if len(told) == 6:
            heard.set()

    children = FromChildren(take)
    children.start()
    pids = []
    for number in range(2):
        if not (pid := os.fork()):
            for _ in range(3 if children.is_child else 0):
                children.tell([(("mail", f"app{number}", "success"), 0.25)])
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    assert heard.wait(10)
    assert sorted(told) == [((("mail", f"app{n}", "success")), 0.25) for n in (0, 0, 0, 1, 1, 1)]
    assert not children.is_child
