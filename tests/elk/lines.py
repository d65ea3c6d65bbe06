"""Lines as the shop's processes write them."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

Line = dict[str, Any]

BEGAN = datetime(2026, 12, 1, 9, tzinfo=UTC)
HOPS = (
    # service, action, kind, app, parent: the hop's number
    ("home", "POST payment:checkout", "server", "payment", None),
    ("home", "product.reserve", "client", "product", 0),
    ("product", "product.reserve", "server", "product", 1),
    ("home", "checkout/charge", "internal", "payment", 0),
    ("home", "invoice.issue", "client", "invoice", 0),
    ("invoice", "invoice.issue", "server", "invoice", 4),
    ("home", "product.sell", "client", "product", 0),
    ("product", "product.sell", "server", "product", 6),
    ("home", "payment.order-paid to receipt", "producer", "payment", 0),
    ("receipt", "payment.order-paid to receipt", "consumer", "receipt", 8),
    ("receipt", "mail", "client", "receipt", 9),
)


def purchase(number: int) -> list[Line]:
    """All lines of one purchase, the same for the same number: hops, the gateway's line and what
    was logged along the way."""
    dice = random.Random(number)
    trace = f"{dice.getrandbits(128):032x}"
    correlation = uuid.UUID(int=dice.getrandbits(128)).hex
    order = str(uuid.UUID(int=dice.getrandbits(128)))
    at = BEGAN + timedelta(milliseconds=number * 40)
    spans = [f"{dice.getrandbits(64):016x}" for _ in HOPS]
    lines = []
    for hop, (service, action, kind, app, parent) in enumerate(HOPS):
        at += timedelta(microseconds=dice.randint(200, 3_000))
        line = {
            **_line(at, action, "extract.span", service, dice.randint(1, 5)),
            "event.kind": "event", "event.action": action, "event.start": _iso(at),
            "event.duration": dice.randint(200_000, 40_000_000), "event.outcome": "success",
            "trace.id": trace, "span.id": spans[hop], "http.request.id": correlation,
            "labels.kind": kind, "labels.app": app, "labels.attempt": "1", "labels.order": order,
        }  # fmt: skip
        if parent is not None:
            line["labels.parent_id"] = spans[parent]
        if hop == 0:
            line |= {"http.request.method": "POST", "http.response.status_code": 302}
            line["url.path"] = "/checkout/"
        lines.append(line)
    for said in ("order paid", "invoice issued", "receipt sent"):
        at += timedelta(milliseconds=1)
        log = _line(at, said, "extract.log", "home", 1)
        log |= {"log.logger": "apps.payment.services", "trace.id": trace, "span.id": spans[0]}
        lines.append({**log, "http.request.id": correlation, "labels.number": f"INV-{number:08}"})
    lines.append({**gateway(at), "http.request.id": correlation})
    return lines


def fault(trace: str, action: str = "product.reserve", *, service: str = "product") -> Line:
    """A hop that failed as nobody declared, with its stack."""
    return {
        **_line(BEGAN, action, "extract.span", service, 1), "log.level": "error",
        "event.action": action, "event.outcome": "failure", "event.duration": 2_000_000,
        "trace.id": trace, "span.id": "00f067aa0ba902b7", "http.request.id": f"c-{trace}",
        "error.type": "ZeroDivisionError", "error.message": "division by zero",
        "error.stack_trace": "Traceback (most recent call last):\n  …\n" * 50,
        "log.origin.file.name": "apps/product/stock.py", "log.origin.file.line": 12,
        "labels.kind": "server", "labels.app": "product", "labels.attempt": "2",
    }  # fmt: skip


def log(trace: str, message: str, at: datetime = BEGAN, **labels: str) -> Line:
    line = _line(at, message, "extract.log", "home", 1)
    return {
        **line, "trace.id": trace, "http.request.id": f"c-{trace}", "log.logger": "tests",
        **{f"labels.{name}": value for name, value in labels.items()},
    }  # fmt: skip


def gateway(at: datetime) -> Line:
    """What nginx says of a request, but for its id."""
    line = _line(at, "POST /checkout/", "extract.gateway", "gateway", 1)
    del line["service.node.name"]
    return {
        **line, "@timestamp": at.strftime("%Y-%m-%dT%H:%M:%S+00:00"), "event.kind": "event",
        "event.outcome": "success", "event.duration": 41_000_000, "client.ip": "203.0.113.7",
        "http.request.method": "POST", "url.path": "/checkout/", "http.response.bytes": 512,
        "http.response.status_code": 302, "labels.ended_at": f"{at.timestamp():.3f}",
        "labels.app": "payment", "labels.peer": "payment-1",
    }  # fmt: skip


def _line(at: datetime, message: str, dataset: str, service: str, instance: int) -> Line:
    return {
        "@timestamp": _iso(at), "log.level": "info", "message": message,
        "ecs.version": "8.11.0", "event.dataset": dataset, "service.name": service,
        "service.node.name": f"{service}-{instance}", "service.version": "1.2.0",
    }  # fmt: skip


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
