"""The hops of a real server at a collector: the very ones that its log has."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.observe.collector import Collector, attributes_of
from tests.ports import free_port
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop
from tests.serving import Server

KINDS = {
    "server": Span.SPAN_KIND_SERVER,
    "client": Span.SPAN_KIND_CLIENT,
    "producer": Span.SPAN_KIND_PRODUCER,
    "consumer": Span.SPAN_KIND_CONSUMER,
    "internal": Span.SPAN_KIND_INTERNAL,
}


Hop = tuple[dict[str, Any], Any]
"""The attributes of the resource, and the span."""


@pytest.fixture(scope="module")
def seen(_template: Any) -> Iterator[tuple[list[Hop], dict[str, dict[str, Any]]]]:
    """What a collector received of a server that came and went, and what its log has: the lines
    of hops, by the hop's id."""
    collector = Collector()
    data_dir, where = _template.copy(demo=True)
    server = Server(
        data_dir=data_dir,
        env={"ALLOWED_HOSTS": "", **where, "OTEL_EXPORTER_OTLP_ENDPOINT": f"{collector.endpoint}/"},
    )
    buy(server.start())
    server.stop()
    collector.close()
    yield collector.received, logged(server)
    shutil.rmtree(data_dir)


def buy(server: Server) -> None:
    transport = HttpTransport(server.base_url)
    shop = Shop(transport)
    sku = str(shop.request("GET", "/api/products/").json["results"][0]["sku"])
    shop.buy(**{sku: 1})
    cart = shop.filled_cart(**{sku: 1})
    assert shop.checkout(cart, token="tok_declined").status == 402
    transport.close()


def logged(server: Server) -> dict[str, dict[str, Any]]:
    """The lines of hops, by the hop's id."""
    lines = [json.loads(line) for line in server.said().splitlines() if line.startswith("{")]
    return {line["span.id"]: line for line in lines if line.get("event.dataset") == "extract.span"}


def test_a_collector_has_what_the_log_has(
    seen: tuple[list[Hop], dict[str, dict[str, Any]]],
) -> None:
    received, lines = seen
    spans = {span.span_id.hex(): (resource, span) for resource, span in received}
    assert len(spans) == len(received), "some were sent twice"
    assert spans.keys() == lines.keys()
    for id, (resource, span) in spans.items():
        line = lines[id]
        assert span.trace_id.hex() == line["trace.id"]
        assert span.parent_span_id.hex() == line.get("labels.parent_id", "")
        assert span.name == line["message"]
        assert span.kind == KINDS[line["labels.kind"]]
        assert span.end_time_unix_nano - span.start_time_unix_nano == line["event.duration"]
        assert resource["service.name"] == line["service.name"]
        assert resource["service.instance.id"] == line["service.node.name"]
        assert resource["service.version"] == line["service.version"]
        assert attributes_of(span)["extract.correlation_id"] == line["http.request.id"]


def test_they_are_told_by_opentelemetrys_names(
    seen: tuple[list[Hop], dict[str, dict[str, Any]]],
) -> None:
    told = [(span, attributes_of(span)) for _, span in seen[0]]

    def one(**wanted: Any) -> tuple[Any, dict[str, Any]]:
        dotted = {name.replace("__", "."): value for name, value in wanted.items()}
        return next(each for each in told if dotted.items() <= each[1].items())

    request, attributes = one(http__request__method="POST", http__response__status_code=201)
    assert attributes["url.path"].startswith("/api/")
    assert attributes["http.route"]
    refused, _ = one(http__response__status_code=402)
    assert {request.status.code, refused.status.code} == {Status.STATUS_CODE_UNSET}
    one(rpc__system__name="extract", rpc__method="product/reserve")
    sent, _ = one(messaging__operation__type="send", messaging__destination__name="receipt")
    handled, _ = one(messaging__operation__type="process", messaging__destination__name="receipt")
    assert sent.kind == Span.SPAN_KIND_PRODUCER
    assert handled.kind == Span.SPAN_KIND_CONSUMER
    one(extract__saga="checkout", extract__step="capture")


def test_who_buys_does_not_notice_a_collector_that_is_away(serve: Callable[..., Server]) -> None:
    server = serve(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    buy(server)
    server.stop()
    assert logged(server)
