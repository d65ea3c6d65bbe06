"""A trace is read from a real Elasticsearch: whole, in order, found by any of its ids."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta

import pytest
import requests

from extract.observe.traces import Elasticsearch, SourceAway
from tests.elk.conftest import begin_anew
from tests.elk.lines import BEGAN, Line, log, purchase
from tests.elk.server import ElasticsearchServer

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


def test_a_trace_is_whole_and_in_order(source: Elasticsearch) -> None:
    expected = sorted(purchase(7), key=lambda line: str(line["@timestamp"]))
    found = source.lines(trace_ids=[str(expected[0]["trace.id"])])
    assert [line["@timestamp"] for line in found] == [line["@timestamp"] for line in expected]
    assert sorted(map(json.dumps, found)) == sorted(map(json.dumps, expected))


def test_several_traces_are_read_together_and_none_is_nothing(source: Elasticsearch) -> None:
    both = {str(purchase(number)[0]["trace.id"]) for number in (3, 4)}
    found = source.lines(trace_ids=both)
    assert len(found) == len(purchase(3)) + len(purchase(4))
    assert {line["trace.id"] for line in found} == both
    assert source.lines(trace_ids=[]) == []
    assert source.lines(trace_ids=["f" * 32]) == []


@pytest.mark.parametrize("by", ["trace.id", "http.request.id", "labels.order", "labels.number"])
def test_a_trace_is_found_by_any_of_its_ids(source: Elasticsearch, by: str) -> None:
    lines = purchase(11)
    text = next(str(line[by]) for line in lines if by in line)
    assert source.traces_naming(text) == [lines[0]["trace.id"]]


@pytest.mark.parametrize(
    "text", ["", "nobody's", "*", "INV", "order paid", "x" * 5_000, '"}', "a OR b"]
)
def test_only_the_very_text_finds_something(source: Elasticsearch, text: str) -> None:
    assert source.traces_naming(text) == []


def test_the_newest_traces_come_first_and_fifty_at_most(source: Elasticsearch) -> None:
    found = source.traces_naming("server")
    assert found == [purchase(PURCHASES - 1 - n)[0]["trace.id"] for n in range(50)]


def test_nested_lines_get_dotted_names(
    source: Elasticsearch, elasticsearch: ElasticsearchServer
) -> None:
    line = {"@timestamp": "2026-12-01T00:00:00Z", "trace": {"id": "nested"}, "message": "x",
            "labels": {"app": "payment", "order": "o-1"}, "log.level": "info"}  # fmt: skip
    load(elasticsearch, [line])
    assert source.lines(trace_ids=["nested"]) == [
        {"@timestamp": "2026-12-01T00:00:00Z", "trace.id": "nested", "message": "x",
         "labels.app": "payment", "labels.order": "o-1", "log.level": "info"}
    ]  # fmt: skip
    assert source.traces_naming("o-1") == ["nested"]


def test_a_long_trace_is_read_in_pages_and_cut_with_a_note(
    source: Elasticsearch, elasticsearch: ElasticsearchServer
) -> None:
    at = [BEGAN + timedelta(milliseconds=n // 3) for n in range(10_001)]
    lines = [log("long", f"line {n}", at[n]) for n in range(10_000)]
    load(elasticsearch, lines)
    found = source.lines(trace_ids=["long"])
    assert len(found) == 10_000
    assert len({line["message"] for line in found}) == 10_000
    assert [line["@timestamp"] for line in found] == [line["@timestamp"] for line in lines]
    load(elasticsearch, [log("long", "one more", at[10_000])])
    found = source.lines(trace_ids=["long"])
    assert found[:-1] == source.lines(trace_ids=["long"])[:10_000]
    assert found[-1]["message"] == "There are more than 10,000 lines; the later ones are not shown."
    assert found[-1]["trace.id"] == "long"
    opened = elasticsearch.ask("GET", "/_nodes/stats/indices/search")["nodes"].values()
    assert [each["indices"]["search"]["open_contexts"] for each in opened] == [0]


def test_an_index_that_was_not_set_up_is_said(elasticsearch: ElasticsearchServer) -> None:
    source = Elasticsearch(elasticsearch.url, index="nowhere")
    for ask in (lambda: source.lines(trace_ids=["a"]), lambda: source.traces_naming("a")):
        with pytest.raises(SourceAway, match="has no index nowhere; was it set up"):
            ask()
