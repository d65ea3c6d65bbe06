"""Lines of every kind reach Elasticsearch by a real shipper: each once, each where it belongs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.elk.conftest import set_up
from tests.elk.lines import Line, fault, log, purchase
from tests.elk.server import ElasticsearchServer
from tests.elk.shipper import Shipper
from tests.fleets import wait_until

pytestmark = pytest.mark.usefixtures("empty")

LINES, UNPARSED = "shop-logs", "shop-unparsed"


def put(shipper: Shipper, name: str, *lines: Line | str) -> None:
    with (shipper.logs / name).open("a", encoding="utf-8") as file:
        for line in lines:
            text = line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)
            file.write(text + "\n")


def arrived(elasticsearch: ElasticsearchServer, index: str, count: int) -> list[Any]:
    """Exactly so many documents, the oldest first."""
    wait_until(lambda: elasticsearch.count(index) >= count, 60)
    hits = elasticsearch.search(index, size=1000, sort=[{"@timestamp": "asc"}])["hits"]
    assert hits["total"]["value"] == count
    return [hit["_source"] for hit in hits["hits"]]


def test_every_kind_of_line_arrives_as_it_was_written(
    elasticsearch: ElasticsearchServer, shipper: Shipper
) -> None:
    written = [
        *purchase(1),
        fault("a" * 32),
        log("b" * 32, 'Grüße, "quoted", \ttab, \u2028, 雪, and a slash \\'),
        log("c" * 32, "x" * 100_000),
        log("d" * 32, "a label of its own", seldom="said", **{"not in the template": "1"}),
        {**log("e" * 32, "an unknown field"), "weather.sky": "blue"},
        {**log("f" * 32, "a duration in words"), "event.duration": "long"},
    ]
    put(shipper, "home.jsonl", *written)
    shipper.start()
    found = arrived(elasticsearch, LINES, len(written))
    key = json.dumps
    assert sorted(map(key, found)) == sorted(map(key, written))
    assert elasticsearch.count(UNPARSED) == 0
    assert shipper.refused() == ""


def test_what_is_no_json_has_a_place_of_its_own(
    elasticsearch: ElasticsearchServer, shipper: Shipper
) -> None:
    wrong = ["Killed", 'Traceback "of" \\ something', '{"message": "half', "[1, 2]", "17"]
    put(shipper, "home.jsonl", wrong[0], log("a" * 32, "whole"), *wrong[1:])
    shipper.start()
    found = arrived(elasticsearch, UNPARSED, len(wrong))
    assert sorted(each["message"] for each in found) == sorted(wrong)
    assert {each["log.file.path"] for each in found} == {str(shipper.logs / "home.jsonl")}
    assert [each["message"] for each in arrived(elasticsearch, LINES, 1)] == ["whole"]


def test_what_elasticsearch_refuses_is_kept_with_the_reason(
    elasticsearch: ElasticsearchServer, shipper: Shipper
) -> None:
    before, after = log("a" * 32, "before"), log("a" * 32, "after")
    put(shipper, "home.jsonl", before, {"error": "text", "message": "refused"}, after)
    shipper.start()
    arrived(elasticsearch, LINES, 2)
    wait_until(shipper.refused)
    assert "refused" in shipper.refused()
    assert "document_parsing_exception" in shipper.refused()


def test_thousands_of_names_of_labels_are_one_field(
    elasticsearch: ElasticsearchServer, shipper: Shipper
) -> None:
    lines = [log(f"{n:032x}", "labelled", **{f"name_{n}": f"value {n}"}) for n in range(3_000)]
    put(shipper, "home.jsonl", *lines)
    shipper.start()
    wait_until(lambda: elasticsearch.count(LINES) == 3_000, 60)
    field, value = {"term": {"labels.name_2718": "value 2718"}}, {"term": {"labels": "value 314"}}
    for query, trace in ((field, 2718), (value, 314)):
        hits = elasticsearch.search(LINES, query=query)["hits"]["hits"]
        assert [hit["_source"]["trace.id"] for hit in hits] == [f"{trace:032x}"]
    assert mapping(elasticsearch)["labels"] == {"type": "flattened", "ignore_above": 1024}


@pytest.mark.parametrize("ends", ["stop", "kill", "stop and kill"])
def test_nothing_is_lost_or_doubled_when_the_shipper_ends(
    elasticsearch: ElasticsearchServer, shipper: Shipper, ends: str
) -> None:
    put(shipper, "home.jsonl", *(log("a" * 32, f"line {n}") for n in range(2_000)))
    shipper.start()
    wait_until(lambda: elasticsearch.count(LINES) > 0)
    put(shipper, "home.jsonl", *(log("b" * 32, f"line {n}") for n in range(20_000)))
    if "stop" in ends:
        shipper.stop()
    if "and" in ends:  # while it sends what it had kept
        before = elasticsearch.count(LINES)
        shipper.start()
        wait_until(lambda: elasticsearch.count(LINES) > before)
    shipper.kill()
    assert elasticsearch.count(LINES) < 22_000, "it ended too late to show anything"
    put(shipper, "home.jsonl", *(log("c" * 32, f"line {n}") for n in range(500)), "no JSON")
    shipper.start()
    wait_until(lambda: elasticsearch.count(LINES) >= 22_500, 60)
    wait_until(lambda: elasticsearch.count(UNPARSED) >= 1)
    shipper.stop()
    traces = {"traces": {"terms": {"field": "trace.id"}}}
    found = elasticsearch.search(LINES, size=0, aggs=traces)["aggregations"]["traces"]
    counted = {each["key"][0]: each["doc_count"] for each in found["buckets"]}
    assert counted == {"a": 2_000, "b": 20_000, "c": 500}
    assert elasticsearch.count(UNPARSED) == 1


def test_a_file_that_is_set_aside_is_read_to_its_end(
    elasticsearch: ElasticsearchServer, shipper: Shipper
) -> None:
    put(shipper, "home.jsonl", *(log("a" * 32, f"line {n}") for n in range(5_000)))
    shipper.start()
    wait_until(lambda: elasticsearch.count(LINES) > 0)
    file: Path = shipper.logs / "home.jsonl"
    put(shipper, "home.jsonl", *(log("b" * 32, f"last {n}") for n in range(5_000)))
    file.replace(file.with_name("home.jsonl.1"))
    put(shipper, "home.jsonl", *(log("c" * 32, f"new {n}") for n in range(100)))
    wait_until(lambda: elasticsearch.count(LINES) >= 10_100, 60)
    shipper.stop()
    assert elasticsearch.count(LINES) == 10_100


def test_set_up_again_changes_nothing(elasticsearch: ElasticsearchServer) -> None:
    elasticsearch.ask("POST", f"/{LINES}/_doc?refresh=true", log("a" * 32, "kept"))
    before = mapping(elasticsearch)
    assert "lines are kept until you delete them" in set_up(elasticsearch)
    assert mapping(elasticsearch) == before
    assert elasticsearch.count(LINES) == 1


def test_the_mapping_is_the_templates_also_after_strange_lines(
    elasticsearch: ElasticsearchServer,
) -> None:
    for line in ({"new": {"field": 1}}, {"new.other": "x", "labels.a.b": "deep"}, {"trace.x": []}):
        elasticsearch.ask("POST", f"/{LINES}/_doc", line)
    file = Path(__file__).parents[2] / "docker" / "elk" / "elasticsearch" / "shop-logs.json"
    template = json.loads(file.read_text())["template"]["mappings"]["properties"]
    assert flat(mapping(elasticsearch)) == template


def mapping(elasticsearch: ElasticsearchServer) -> dict[str, Any]:
    found = elasticsearch.ask("GET", f"/{LINES}/_mapping")[f"{LINES}-000001"]["mappings"]
    assert found["dynamic"] == "false"
    return dict(found["properties"])


def flat(properties: dict[str, Any], before: str = "") -> dict[str, Any]:
    found = {}
    for name, field in properties.items():
        if "properties" in field:
            found |= flat(field["properties"], f"{before}{name}.")
        else:
            found[before + name] = field
    return found
