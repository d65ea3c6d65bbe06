"""What Kibana would ask Elasticsearch for the saved objects of ``docker/elk``: their very queries
and aggregations, taken from the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.fleets import ROOT

FILE = ROOT / "docker" / "elk" / "kibana" / "shop.ndjson"
Object = dict[str, Any]


def objects(kind: str = "") -> list[Object]:
    found = [json.loads(line) for line in FILE.read_text().splitlines()]
    return [each for each in found if kind in ("", each["type"])]


def named(kind: str, id_: str) -> Object:
    return next(each for each in objects(kind) if each["id"] == id_)


def index_of(saved: Object) -> str:
    view = next(each for each in saved["references"] if each["type"] == "index-pattern")
    return str(named("index-pattern", view["id"])["attributes"]["title"])


def search_of(saved: Object) -> dict[str, Any]:
    """The body of the search: the query, and the sort or the aggregations."""
    source = json.loads(saved["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    assert source["query"]["language"] == "lucene"
    assert source["filter"] == []
    text = {"query": source["query"]["query"], "analyze_wildcard": True}
    body: dict[str, Any] = {"query": {"query_string": text}}
    if saved["type"] == "search":
        sort = [
            {field: {"order": order, "unmapped_type": "boolean"}}
            for field, order in saved["attributes"]["sort"]
        ]
        columns = saved["attributes"]["columns"]
        return {**body, "sort": sort, "fields": columns, "_source": False, "size": 500}
    state = json.loads(saved["attributes"]["visState"])
    return {**body, "size": 0, "aggs": _aggregations(state["aggs"])}


def _aggregations(aggs: list[Any]) -> dict[str, Any]:
    """Buckets inside buckets, and in the last of them the metrics."""
    inside: dict[str, Any] = {
        each["id"]: {"percentiles": each["params"]}
        for each in aggs
        if each["type"] == "percentiles"
    }
    for each in reversed([each for each in aggs if each["schema"] != "metric"]):
        bucket = {**_bucket(each), "aggs": inside} if inside else _bucket(each)
        inside = {each["id"]: bucket}
    return inside


def _bucket(agg: Any) -> dict[str, Any]:
    params = agg["params"]
    if agg["type"] == "terms":
        # By the count, which is the metric "1".
        assert params["orderBy"] == "1"
        order = {"_count": params["order"]}
        return {"terms": {"field": params["field"], "size": params["size"], "order": order}}
    assert agg["type"] == "date_histogram"
    return {
        "date_histogram": {"field": params["field"], "fixed_interval": "30s", "min_doc_count": 1}
    }


def fields_of(saved: Object) -> Iterator[str]:
    """Every field that the object names outside its query."""
    attributes = saved["attributes"]
    yield from attributes.get("columns", ())
    yield from (field for field, _ in attributes.get("sort", ()))
    yield from json.loads(attributes.get("fieldFormatMap", "{}"))
    for agg in json.loads(attributes.get("visState", '{"aggs": []}'))["aggs"]:
        if field := agg["params"].get("field"):
            yield field
    controls = attributes.get("controlGroupInput", {"panelsJSON": "{}"})["panelsJSON"]
    yield from (each["explicitInput"]["fieldName"] for each in json.loads(controls).values())
