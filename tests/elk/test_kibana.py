"""Kibana's saved searches and panels find what they are for, asked of a real Elasticsearch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.elk.conftest import begin_anew
from tests.elk.kibana import index_of, named, objects, search_of
from tests.elk.lines import HOPS, fault, log, purchase
from tests.elk.server import ElasticsearchServer
from tests.elk.test_reading import load

PURCHASES = 20


@pytest.fixture(scope="module", autouse=True)
def _lines(elasticsearch: ElasticsearchServer) -> None:
    begin_anew(elasticsearch)
    load(elasticsearch, [line for number in range(PURCHASES) for line in purchase(number)])
    load(elasticsearch, [fault("a" * 32), fault("b" * 32, "mail", service="receipt")])
    load(elasticsearch, [{**log("c" * 32, "no broker"), "log.level": "error"}])
    load(elasticsearch, [{**log("d" * 32, "declined"), "event.outcome": "failure"}])
    lost = {"@timestamp": "2026-12-01T10:00:00Z", "log.file.path": "/logs/x", "message": "Killed"}
    elasticsearch.ask("POST", "/shop-unparsed/_doc?refresh=true", lost)


def ask(elasticsearch: ElasticsearchServer, kind: str, id_: str) -> Any:
    saved = named(kind, id_)
    return elasticsearch.ask("POST", f"/{index_of(saved)}/_search", search_of(saved))


@pytest.mark.parametrize(
    "saved", objects("search") + objects("visualization"), ids=lambda s: s["id"]
)
def test_every_search_and_panel_finds_something(
    elasticsearch: ElasticsearchServer, saved: dict[str, Any]
) -> None:
    found = elasticsearch.ask("POST", f"/{index_of(saved)}/_search", search_of(saved))
    assert found["hits"]["total"]["value"] > 0
    for each in found.get("aggregations", {}).values():
        assert each["buckets"]


def test_errors_by_service(elasticsearch: ElasticsearchServer) -> None:
    found = ask(elasticsearch, "visualization", "shop-errors-by-service")["aggregations"]["2"]
    assert {
        each["key"]: (each["doc_count"], [inner["key"] for inner in each["3"]["buckets"]])
        for each in found["buckets"]
    } == {
        "product": (1, ["ZeroDivisionError"]),
        "receipt": (1, ["ZeroDivisionError"]),
        "home": (1, []),
    }


def test_latency_of_each_hop(elasticsearch: ElasticsearchServer) -> None:
    found = ask(elasticsearch, "visualization", "shop-latency-by-hop")["aggregations"]["3"]
    buckets = {each["key"]: each for each in found["buckets"]}
    assert set(buckets) == {action for _, action, *_ in HOPS}
    sold = sorted(
        line["event.duration"]
        for number in range(PURCHASES)
        for line in purchase(number)
        if line.get("event.action") == "product.sell"
    )
    assert buckets["product.sell"]["doc_count"] == len(sold)
    percentiles = buckets["product.sell"]["2"]["values"]
    assert sold[0] <= percentiles["50.0"] <= percentiles["99.0"] <= sold[-1]
    assert percentiles["50.0"] == pytest.approx(sold[len(sold) // 2], rel=0.2)


def test_the_path_of_one_correlation_id(elasticsearch: ElasticsearchServer) -> None:
    """As the dashboard's control filters it: all lines of that request, in their order."""
    saved = named("search", "shop-path")
    lines = sorted(purchase(5), key=lambda line: str(line["@timestamp"]))
    body = search_of(saved)
    chosen = {"term": {"http.request.id": lines[0]["http.request.id"]}}
    body["query"] = {"bool": {"filter": [body["query"], chosen]}}
    hits = elasticsearch.ask("POST", f"/{index_of(saved)}/_search", body)["hits"]["hits"]
    assert [hit["fields"]["message"] for hit in hits] == [[line["message"]] for line in lines]
    hop = hits[1]["fields"]
    assert hop["service.node.name"] == [lines[1]["service.node.name"]]
    assert hop["labels.attempt"] == ["1"]


def test_retries(elasticsearch: ElasticsearchServer) -> None:
    hits = ask(elasticsearch, "search", "shop-retries")["hits"]["hits"]
    assert [hit["fields"]["labels.attempt"] for hit in hits] == [["2"], ["2"]]


def test_lines_that_are_no_json(elasticsearch: ElasticsearchServer) -> None:
    hits = ask(elasticsearch, "search", "shop-unparsed")["hits"]["hits"]
    assert [hit["fields"]["message"] for hit in hits] == [["Killed"]]
