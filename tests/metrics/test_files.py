"""Prometheus' own word on the files that a shop gives it, and that they name what there is."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from extract.observe.metrics.process import ThisProcess
from extract.observe.metrics.series import registry
from extract.observe.metrics.stored import OF_APPS, OF_SAGAS
from tests.components import promtool
from tests.prometheus_server import FOLDER

RULES = "rules.yml"
DASHBOARD = FOLDER / "grafana" / "dashboards" / "shop.json"
IN_A_FLEET = {
    "extract_breaker_state", "extract_call_connections", "extract_call_retries_left",
    "extract_instances",
}  # fmt: skip
OTHERS = {"process_resident_memory_bytes", "process_cpu_seconds_total"}
_NAME = re.compile(r"\b(?:extract|process)_[a-z0-9_]+")


@pytest.mark.parametrize(
    "words", [("check", "rules", RULES), ("test", "rules", "rules_test.yml"),
              ("check", "config", "--syntax-only", "prometheus.yml")],
)  # fmt: skip
def test_promtool_finds_nothing_wrong(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [promtool(), *words], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_is_seen_to_fire() -> None:
    tests = yaml.safe_load((FOLDER / "rules_test.yml").read_text())["tests"]
    fired = {
        case["alertname"]
        for test in tests
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }
    assert {rule["alert"] for rule in _rules()} == fired


def test_rules_and_dashboard_ask_for_nothing_that_is_not_told() -> None:
    asked = {name for text in _expressions() for name in _NAME.findall(text)}
    assert asked, "nothing was read"
    assert {re.sub(r"_(?:bucket|count|sum)$", "", name) for name in asked} <= _told()


def test_each_panel_has_a_place_of_its_own_and_a_known_source() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    (source,) = yaml.safe_load(
        (FOLDER / "grafana" / "datasources" / "prometheus.yaml").read_text()
    )["datasources"]
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    for panel in panels:
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == source["uid"]


def _rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / RULES).read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _expressions() -> Iterator[str]:
    for rule in _rules():
        yield rule["expr"]
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


def _told() -> set[str]:
    counted = {sample.name for metric in registry.collect() for sample in metric.samples}
    counted |= {f"{metric.name}_total" for metric in registry.collect()}
    counted |= {
        metric.name for metric in (*registry.collect(), *ThisProcess(serves=True).collect())
    }
    return counted | {*OF_APPS, *OF_SAGAS} | IN_A_FLEET | OTHERS
