"""The judge of log lines is right itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.observe.ecs import fields, problems

VALID = {
    "@timestamp": "2026-12-01T15:30:00.123Z", "log.level": "info", "message": "product.reserve",
    "ecs.version": "8.11.0", "event.dataset": "extract.span", "event.duration": 1234567,
    "event.start": "2026-12-01T15:30:00.123456789+00:00", "event.category": ["web"],
    "http.response.status_code": 201, "client.ip": "2001:db8::1", "labels.attempt": "1",
}  # fmt: skip


def test_the_whole_schema_is_known() -> None:
    assert len(fields()) == 1747
    assert fields()["event.duration"].type == "long"
    assert fields()["event.category"].is_array


def test_a_valid_line_has_no_problem_dotted_or_nested() -> None:
    assert problems(VALID) == []
    nested = {**VALID, "trace": {"id": "ab"}, "labels": {"app": "product", "call": "1"}}
    assert problems(nested) == []


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("request", "GET /", "request is no field of the schema."),
        ("trace.identity", "ab", "trace.identity is no field of the schema."),
        ("trace", {"name": "ab"}, "trace.name is no field of the schema."),
        ("error", "it failed", "error is no field of the schema."),
        ("trace.id", 7, "trace.id must be keyword, but 7 was said."),
        ("trace.id", None, "trace.id must be keyword, but None was said."),
        ("event.duration", "7", "event.duration must be long, but '7' was said."),
        ("event.duration", True, "event.duration must be long, but True was said."),
        ("event.duration", 1.5, "event.duration must be long, but 1.5 was said."),
        ("event.duration", 2**63, f"event.duration must be long, but {2**63} was said."),
        ("event.start", "yesterday", "event.start must be date, but 'yesterday' was said."),
        ("event.start", "2026-13-01T00:00:00Z",
         "event.start must be date, but '2026-13-01T00:00:00Z' was said."),
        ("event.start", "2026-12-01 00:00:00",
         "event.start must be date, but '2026-12-01 00:00:00' was said."),
        ("client.ip", "localhost", "client.ip must be ip, but 'localhost' was said."),
        ("event.category", "web", "event.category must be a list, but 'web' was said."),
        ("event.category", [1], "event.category must be a list of keyword, but 1 is in it."),
        ("labels.attempt", 1, "labels.attempt is a label, so text, but 1 was said."),
        ("labels", "x", "labels must be object, but 'x' was said."),
        ("ecs", {"version": "8.11.0"}, "ecs.version is there twice."),
    ],
)  # fmt: skip
def test_what_is_not_valid_is_said(field: str, value: Any, problem: str) -> None:
    assert problems({**VALID, field: value}) == [problem]


@pytest.mark.parametrize("field", ["@timestamp", "ecs.version", "log.level", "message"])
def test_what_every_line_has_is_missed(field: str) -> None:
    line = {name: value for name, value in VALID.items() if name != field}
    assert problems(line) == [f"{field} is missing."]
