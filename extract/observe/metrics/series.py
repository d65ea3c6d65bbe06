"""The metrics that are counted as work is done, and the one place where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

Observation = tuple[tuple[str, ...], float]
"""A metric's short name with the values of its labels, and what is added to it."""

disable_created_metrics()  # type: ignore[no-untyped-call]
registry = CollectorRegistry()

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SLOW = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600)
"""The upper ends of what is told apart, in seconds: of work, and of waiting."""

_counter = partial(Counter, registry=registry)
_histogram = partial(Histogram, registry=registry, buckets=QUICK)

_METRICS: dict[str, Counter | Histogram] = {
    "request": _histogram(
        "extract_request_duration_seconds",
        "Requests from outside, by the app that the URL is of.",
        ("app", "method", "status"),
    ),
    "call": _histogram(
        "extract_call_duration_seconds",
        "Contract calls that this process made, each try of a call, by the app called.",
        ("app", "call", "outcome"),
    ),
    "retry": _counter(
        "extract_call_retries_total",
        "Tries of contract calls after the first one, by the app called.",
        ("app", "call"),
    ),
    "served": _histogram(
        "extract_served_call_duration_seconds",
        "Contract calls that this process answered.",
        ("app", "call", "outcome"),
    ),
    "sent": _counter(
        "extract_events_sent_total",
        "Events handed over to their subscriber, by the app that published them.",
        ("app", "event", "subscriber", "outcome"),
    ),
    "event": _histogram(
        "extract_event_duration_seconds",
        "Steps of events that this process did, by the app that subscribes.",
        ("app", "event", "step", "outcome"),
    ),
    "waited": _histogram(
        "extract_event_wait_seconds",
        "How old events were when they arrived at their subscriber.",
        ("app",),
        buckets=SLOW,
    ),
    "step": _histogram(
        "extract_saga_step_duration_seconds",
        "Steps of sagas that this process did.",
        ("app", "saga", "step", "outcome"),
    ),
    "ended": _counter(
        "extract_saga_ended_total",
        "Sagas that ended in this process: finished, or compensated.",
        ("app", "saga", "status"),
    ),
    "mail": _histogram(
        "extract_mail_duration_seconds",
        "Mails that were given to the mail server, or that it did not take.",
        ("app", "outcome"),
    ),
}

_adds: dict[tuple[str, ...], Callable[[float], None]] = {}


def add(observations: Iterable[Observation]) -> None:
    """Add them up. The library's own look-up of a series takes longer than all the rest."""
    for key, value in observations:
        (_adds.get(key) or _series(key))(value)


def _series(key: tuple[str, ...]) -> Callable[[float], None]:
    child = _METRICS[key[0]].labels(*key[1:])
    adds = child.observe if isinstance(child, Histogram) else child.inc
    return _adds.setdefault(key, adds)
