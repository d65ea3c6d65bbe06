"""A trace is read from a real Elasticsearch: whole, in order, found by any of its ids."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
import requests

from extract.observe.traces import SourceAway, find
from extract.observe.traces.elasticsearch import Elasticsearch
from tests.elk.conftest import begin_anew
from tests.elk.lines import BEGAN, HOPS, Line, log, purchase
from tests.elk.server import ElasticsearchServer
from tests.ports import free_port

PURCHASES = 60


def load(elasticsearch: ElasticsearchServer, lines: Iterable[Line]) -> None:
    rows = (f'{{"index":{{}}}}\n{json.dumps(line)}\n' for line in lines)
    answer = requests.post(
        f"{elasticsearch.url}/shop-logs/_bulk?refresh=true",
        data="".join(rows).encode(), headers={"Content-Type": "application/x-ndjson"}, timeout=60,
    ).json()  # fmt: skip
    assert not answer["errors"], answer


@pytest.fixture(scope="module")
def source(elasticsearch: ElasticsearchServer) -> Elasticsearch:
    """With some purchases, in no order."""
    begin_anew(elasticsearch)
    lines = [line for number in range(PURCHASES) for line in purchase(number)]
    load(elasticsearch, sorted(lines, key=lambda line: hash(line["@timestamp"])))
    return Elasticsearch(elasticsearch.url)


def ids(*numbers: int) -> set[str]:
    """The correlation ids of these purchases."""
    return {str(purchase(number)[0]["http.request.id"]) for number in numbers}


def as_text(lines: Iterable[Line]) -> list[str]:
    return sorted(json.dumps(line, sort_keys=True) for line in lines)


def test_all_lines_are_read_as_they_were_written(source: Elasticsearch) -> None:
    assert as_text(source.lines(ids(7))) == as_text(purchase(7))
    assert as_text(source.lines(ids(3, 4))) == as_text(purchase(3) + purchase(4))
    assert source.lines(["nobody's"]) == []


@pytest.mark.parametrize("by", ["trace.id", "http.request.id", "labels.order", "labels.number"])
def test_a_request_is_found_by_any_of_its_ids(source: Elasticsearch, by: str) -> None:
    texts = [next(str(line[by]) for line in purchase(number) if by in line) for number in (11, 12)]
    assert source.naming(texts[:1]) == ids(11)
    assert source.naming([*texts, "nobody's"]) == ids(11, 12)


@pytest.mark.parametrize(
    "text", ["", "nobody's", "*", "INV", "order paid", "x" * 5_000, '"}', "a OR b"]
)
def test_only_the_very_text_finds_something(source: Elasticsearch, text: str) -> None:
    assert source.naming([text]) == set()


def test_the_newest_are_found_and_fifty_at_most(source: Elasticsearch) -> None:
    assert source.naming(["server"]) == ids(*range(PURCHASES - 50, PURCHASES))


def test_nested_lines_get_dotted_names(
    source: Elasticsearch, elasticsearch: ElasticsearchServer
) -> None:
    line = {
        "@timestamp": "2026-12-01T00:00:00Z", "log": {"level": "info"}, "message": "x",
        "http": {"request": {"id": "nested"}}, "labels": {"app": "payment", "order": "o-1"},
    }  # fmt: skip
    load(elasticsearch, [line])
    assert source.lines(["nested"]) == [
        {
            "@timestamp": "2026-12-01T00:00:00Z", "log.level": "info", "message": "x",
            "http.request.id": "nested", "labels.app": "payment", "labels.order": "o-1",
        }
    ]  # fmt: skip
    assert source.naming(["o-1"]) == {"nested"}


def test_many_lines_are_read_in_pages_the_newest_if_there_are_more(
    source: Elasticsearch, elasticsearch: ElasticsearchServer
) -> None:
    at = [BEGAN + timedelta(milliseconds=n // 3) for n in range(10_002)]
    lines = [log("long", f"line {n}", at[n]) for n in range(10_000)]
    load(elasticsearch, lines)
    assert as_text(source.lines(["c-long"])) == as_text(lines)
    more = [log("long", f"line {n}", at[n]) for n in range(10_000, 10_002)]
    load(elasticsearch, more)
    found = source.lines(["c-long"])
    assert len(found) == 10_000
    assert {line["message"] for line in lines + more} - {line["message"] for line in found} <= {
        "line 0", "line 1", "line 2",
    }  # fmt: skip
    opened = elasticsearch.ask("GET", "/_nodes/stats/indices/search")["nodes"].values()
    assert [each["indices"]["search"]["open_contexts"] for each in opened] == [0]


def test_an_index_that_was_not_set_up_is_said(elasticsearch: ElasticsearchServer) -> None:
    source = Elasticsearch(elasticsearch.url, index="nowhere")
    for ask in (lambda: source.lines(["a"]), lambda: source.naming(["a"])):
        with pytest.raises(SourceAway, match="has no index nowhere; was it set up"):
            ask()


@pytest.mark.usefixtures("database")
def test_what_somebody_asks_is_answered_from_there(
    elasticsearch: ElasticsearchServer, source: Elasticsearch, settings: Any
) -> None:
    """The whole of ``extract trace``, but for its printing."""
    settings.ELASTICSEARCH_URL = elasticsearch.url
    order = next(line["labels.order"] for line in purchase(20) if "labels.order" in line)
    found = find(f" {order} ")
    assert found.source == "elasticsearch"
    (trace,) = found.traces
    hops = [action for _, action, *_ in HOPS]
    assert sorted(hop.name for hop in trace.all()) == sorted(["POST /checkout/", *hops])
    settings.ELASTICSEARCH_URL = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(SourceAway, match="cannot be reached"):
        find(order)
