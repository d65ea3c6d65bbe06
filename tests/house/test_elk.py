"""The files of ``docker/elk`` fit each other. What they do in Elasticsearch is tried in
``tests/elk``; Logstash, Kibana and lifecycles, which cannot be run there, are read here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.elk.kibana import Object, fields_of, objects
from tests.elk.lines import fault, log, purchase
from tests.observe.ecs import fields, problems

FOLDER = Path(__file__).resolve().parents[2] / "docker" / "elk"
ALIASES = ("shop-logs", "shop-unparsed")
OF_LOGSTASH = {"message", "tags", "event", "@metadata", "@timestamp"}
TYPES = {"wildcard": "keyword", "match_only_text": "text", "object": "flattened"}
"""What a type of the schema's may be here instead."""


def template(alias: str) -> Any:
    return json.loads((FOLDER / "elasticsearch" / f"{alias}.json").read_text())


def mapped(alias: str) -> dict[str, Any]:
    return dict(template(alias)["template"]["mappings"]["properties"])


def is_mapped(alias: str, field: str) -> bool:
    return field in mapped(alias) or ("labels" in mapped(alias) and field.startswith("labels."))


# Elasticsearch


@pytest.mark.parametrize("alias", ALIASES)
def test_every_field_has_the_type_of_the_schema(alias: str) -> None:
    for name, found in mapped(alias).items():
        wanted = fields()[name].type
        as_usual = {wanted, TYPES.get(wanted, wanted)}
        # Nanoseconds, so that lines of one millisecond stay in their order.
        allowed = {"date_nanos"} if wanted == "date" else as_usual
        if name in ("error.stack_trace", "event.original"):
            allowed, is_searched = {"keyword"}, found["index"] or found["doc_values"]
            assert not is_searched
        assert found["type"] in allowed, name
        if found["type"] == "keyword" and found.get("index", True):
            assert found["ignore_above"] <= 32_766 // 4, "longer terms than Lucene's are refused"


@pytest.mark.parametrize("alias", ALIASES)
def test_no_line_can_add_a_field_or_be_refused_for_a_wrong_value(alias: str) -> None:
    found = template(alias)["template"]
    assert found["mappings"]["dynamic"] is False
    assert found["settings"]["index"]["mapping"] == {"ignore_malformed": True}


def test_all_that_lines_say_can_be_searched() -> None:
    for line in [*purchase(1), fault("a"), log("b", "x", order="1")]:
        assert problems(line) == []
        assert [name for name in line if not is_mapped("shop-logs", name)] == []


def test_lines_are_kept_for_thirty_days_in_indices_that_change_daily() -> None:
    phases = json.loads((FOLDER / "elasticsearch" / "lifecycle.json").read_text())["policy"]
    hot, delete = phases["phases"]["hot"], phases["phases"]["delete"]
    assert set(phases["phases"]) == {"hot", "delete"}
    assert hot["actions"]["rollover"]["max_age"] == "1d"
    assert delete == {"min_age": "30d", "actions": {"delete": {}}}
    for alias in ALIASES:
        assert template(alias)["composed_of"] == [f"{alias}-lifecycle"]
        assert template(alias)["ignore_missing_component_templates"] == [f"{alias}-lifecycle"]
        assert template(alias)["index_patterns"] == [f"{alias}-*"]


# Logstash


def pipeline(name: str) -> str:
    """Without its comments."""
    return re.sub(r"^\s*#.*$", "", (FOLDER / "logstash" / name).read_text(), flags=re.M)


@pytest.mark.parametrize("name", ["lines.conf", "refused.conf"])
def test_a_pipeline_is_balanced_and_names_fields_that_there_are(name: str) -> None:
    text = pipeline(name)
    bare = re.sub(r'"[^"]*"', '""', text)
    for left, right in ("{}", "[]"):
        assert bare.count(left) == bare.count(right)
    assert re.findall(r"^(\w+) \{", text, flags=re.M) == ["input", "filter", "output"]
    referred = {each.split("][")[0] for each in re.findall(r"\[([a-z@][\w@.\]\[]*)\]", text)}
    assert referred <= OF_LOGSTASH
    for field in re.findall(r'event\.set\("([^"]+)"', text):
        assert field in mapped("shop-unparsed"), field
    for index in re.findall(r'index => "([^"]+)"', text):
        assert index in ALIASES


def test_lines_that_are_no_json_go_elsewhere_and_refused_ones_wait() -> None:
    text = pipeline("lines.conf")
    apart = re.search(r'if "_jsonparsefailure" in \[tags\] \{(.*?)\} else \{(.*)\}', text, re.S)
    assert apart is not None
    assert 'index => "shop-unparsed"' in apart[1]
    assert 'index => "shop-logs"' in apart[2]
    settings = yaml.safe_load((FOLDER / "logstash" / "logstash.yml").read_text())
    assert settings["dead_letter_queue.enable"] is True
    assert settings["queue.type"] == "persisted"
    pipelines = yaml.safe_load((FOLDER / "logstash" / "pipelines.yml").read_text())
    assert {each["pipeline.id"] for each in pipelines} == {"lines", "refused"}
    assert 'pipeline_id => "lines"' in pipeline("refused.conf")


def test_every_file_of_logstash_is_where_the_container_looks() -> None:
    services = yaml.safe_load((FOLDER.parent / "compose.yaml").read_text())["services"]
    volumes = [str(each) for each in services["logstash"]["volumes"]]
    mounted = {each.split(":")[0] for each in volumes if each.startswith("./elk/")}
    assert mounted == {f"./elk/logstash/{file.name}" for file in (FOLDER / "logstash").iterdir()}
    for each in yaml.safe_load((FOLDER / "logstash" / "pipelines.yml").read_text()):
        assert any(f":{each['path.config']}:" in volume for volume in volumes)


# Kibana


@pytest.mark.parametrize("saved", objects(), ids=lambda each: f"{each['type']}-{each['id']}")
def test_what_is_saved_refers_to_what_is_there(saved: Object) -> None:
    there = {(each["type"], each["id"]) for each in objects()}
    for reference in saved["references"]:
        assert (reference["type"], reference["id"]) in there
    names = {reference["name"] for reference in saved["references"]}
    text = json.dumps(saved["attributes"])
    assert ("indexRefName" in text) is ("kibanaSavedObjectMeta.searchSourceJSON.index" in names)
    for panel in json.loads(saved["attributes"].get("panelsJSON", "[]")):
        assert f"{panel['panelIndex']}:{panel['panelRefName']}" in names
        assert panel["gridData"]["x"] + panel["gridData"]["w"] <= 48


@pytest.mark.parametrize("saved", objects(), ids=lambda each: f"{each['type']}-{each['id']}")
def test_what_is_shown_is_in_the_mapping(saved: Object) -> None:
    views = [each["id"] for each in saved["references"] if each["type"] == "index-pattern"]
    alias = views[0] if views else saved["id"]
    named = list(fields_of(saved))
    if saved["type"] in ("search", "visualization"):
        source = json.loads(saved["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
        query = source["query"]["query"]
        assert named
        named += re.findall(r"([\w@.]+):", query.replace("_exists_:", ""))
        named += re.findall(r"_exists_:([\w@.]+)", query)
    assert [field for field in named if not is_mapped(alias, field)] == []


def test_there_is_a_view_of_each_kind_of_lines() -> None:
    titles = {each["id"]: each["attributes"]["title"] for each in objects("index-pattern")}
    assert titles == {alias: f"{alias}-*" for alias in ALIASES}
    assert {each["id"] for each in objects("dashboard")} == {"shop", "shop-request"}
