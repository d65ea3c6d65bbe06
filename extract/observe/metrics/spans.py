"""What is counted of each span. Only names that code declares become labels, never a path or id,
so that there are as many series as there is code."""

from __future__ import annotations

from collections.abc import Iterator

from extract.observe.metrics.series import Observation
from extract.trace import Kind, Span

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"


def observations(span: Span) -> Iterator[Observation]:
    """Seconds, or ones, by metric and the values of its labels."""
    labels, seconds = span.labels, span.duration / 1e9
    if "call" in labels:
        called = labels["app"], labels["call"]
        if span.kind is Kind.SERVER:
            yield ("served", *called, _outcome(span)), seconds
        else:
            yield ("call", *called, _outcome(span)), seconds
            if span.attempt > 1:
                yield ("retry", *called), 1
    elif "method" in labels:
        method = labels["method"] if labels["method"] in METHODS else OTHER
        status = f"{labels.get('status', '')[:1]}xx"
        yield ("request", labels.get("app", ""), method, status), seconds
    elif "event" in labels:
        app, event = labels["app"], labels["event"]
        if span.kind is Kind.PRODUCER:
            yield ("sent", app, event, labels["subscriber"], _outcome(span)), 1
        else:
            yield ("event", app, event, labels["step"], _outcome(span)), seconds
            if labels["step"] == "record":
                yield ("waited", app), float(labels["waited_ms"]) / 1000
    elif "step" in labels:
        yield ("step", labels["app"], labels["saga"], labels["step"], _outcome(span)), seconds
    elif span.name == "mail":
        yield ("mail", labels["app"], _outcome(span)), seconds


def _outcome(span: Span) -> str:
    return "fault" if span.is_fault else span.outcome.value
