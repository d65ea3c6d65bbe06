"""From lines in files to the tree of a request, and to where to look first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from extract.observe.traces import find
from extract.observe.traces.files import Files
from extract.observe.traces.hop import NEVER_ENDED, Hop, Trace
from extract.observe.traces.tree import traces_of

TRACE = "a" * 32


def hop(
    name: str, id: str, parent: str = "", *, at: float = 0.0, ms: float = 10.0, **more: Any
) -> dict[str, Any]:
    """A line of a hop that began ``at`` milliseconds after the first."""
    return {
        "@timestamp": _iso(at + ms),
        "log.level": "info",
        "message": name,
        "event.dataset": "extract.span",
        "event.start": _iso(at),
        "event.duration": int(ms * 1_000_000),
        "event.outcome": "success",
        "trace.id": TRACE,
        "span.id": id,
        "http.request.id": "id-1",
        "service.name": "payment",
        "service.node.name": "p1",
        "labels.kind": "internal",
        "labels.attempt": "1",
        **({"labels.parent_id": parent} if parent else {}),
        **more,
    }


def _iso(ms: float) -> str:
    seconds, rest = divmod(int(ms * 1000), 1_000_000)
    return f"2026-03-01T10:00:{seconds:02d}.{rest:06d}Z"


BROKEN = {"log.level": "error", "event.outcome": "failure"}


def the_one(*lines: dict[str, Any]) -> Trace:
    (trace,) = traces_of(lines)
    return trace


def names(hops: list[Hop]) -> list[Any]:
    return [(each.name, names(each.hops)) if each.hops else each.name for each in hops]


def test_hops_are_nested_in_the_order_in_which_they_began() -> None:
    trace = the_one(
        hop("second", "3", "1", at=6, ms=2), hop("inside", "4", "2", at=2, ms=1),
        hop("first", "2", "1", at=1, ms=3), hop("request", "1", ms=10),
    )  # fmt: skip
    assert names(trace.hops) == [("request", [("first", ["inside"]), "second"])]
    assert (trace.duration_ms, trace.correlation_id) == (10.0, "id-1")
    assert [round(each.own_ms, 3) for each in trace.all()] == [5.0, 2.0, 1.0, 2.0]


def test_a_line_of_another_kind_belongs_to_the_hop_that_wrote_it() -> None:
    note = {
        "@timestamp": _iso(5), "log.level": "warning", "message": "saga.retry",
        "event.dataset": "extract.log", "error.message": "no answer", "trace.id": TRACE,
        "span.id": "1", "http.request.id": "id-1",
    }  # fmt: skip
    trace = the_one(hop("request", "1"), note, {**note, "span.id": "unknown"})
    assert [each.message for each in trace.hops[0].notes] == ["saga.retry"]
    assert [each.error for each in trace.notes] == ["no answer"]


def test_what_a_dead_process_began_is_still_there() -> None:
    trace = the_one(hop("step", "2", "1", at=1), hop("call", "3", "1", at=15))
    assert names(trace.hops) == [(NEVER_ENDED, ["step", "call"])]
    assert trace.suspect is not None
    assert (trace.suspect.why, trace.suspect.instance) == ("failed", "p1")


def test_the_gateway_is_around_the_request_that_it_passed_on() -> None:
    passed = {
        "@timestamp": "2026-03-01T10:00:00+00:00", "log.level": "info", "message": "GET /",
        "event.dataset": "extract.gateway", "event.duration": 12_000_000,
        "event.outcome": "success", "http.request.id": "id-1", "http.response.status_code": 200,
        "service.name": "gateway", "labels.ended_at": "1772359200.012", "labels.peer": "payment/p1",
    }  # fmt: skip
    server = hop("GET home", "1", at=1, **{"labels.kind": "server"})
    other = {**server, "http.request.id": "id-2", "trace.id": "b" * 32}
    behind, alone = traces_of([passed, server, other])
    assert names(behind.hops) == [("GET /", ["GET home"])]
    assert names(alone.hops) == ["GET home"]


def test_the_first_to_look_at_is_where_an_error_began() -> None:
    where = {"log.origin.file.name": "apps/invoice/services.py", "log.origin.file.line": 42}
    error = {**BROKEN, "error.type": "KeyError", "error.message": "gone"}
    elsewhere = {"service.name": "invoice", "service.node.name": "i2"}
    trace = the_one(
        hop("request", "1", ms=90, **BROKEN), hop("issue", "2", "1", at=1, ms=50, **BROKEN),
        hop("issue", "3", "2", at=2, ms=40, **error, **where, **elsewhere),
        hop("slow", "4", "1", at=55, ms=30),
    )  # fmt: skip
    found = trace.suspect
    assert found is not None
    assert (found.why, found.service, found.instance) == ("failed", "invoice", "i2")
    assert (found.where, found.error) == ("apps/invoice/services.py:42", "KeyError: gone")


def test_of_a_call_that_told_nothing_the_one_who_was_called_is_named() -> None:
    call = {**BROKEN, "labels.kind": "client", "labels.peer": "invoice/i9"}
    trace = the_one(hop("request", "1", ms=90, **BROKEN), hop("issue", "2", "1", **call))
    assert trace.suspect is not None
    assert (trace.suspect.service, trace.suspect.instance) == ("invoice", "i9")


def test_of_a_slow_request_the_hop_is_named_that_took_longest_by_itself() -> None:
    trace = the_one(
        hop("request", "1", ms=1500), hop("step", "2", "1", at=1, ms=1450),
        hop("issue", "3", "2", at=20, ms=1400),
    )  # fmt: skip
    assert trace.suspect is not None
    assert (trace.suspect.why, trace.suspect.name) == ("slow", "issue")
    assert the_one(hop("request", "1", ms=300)).suspect is None


@pytest.mark.usefixtures("database")
def test_files_are_searched_by_every_name_that_a_line_has(tmp_path: Path) -> None:
    order = "0f8fad5b-d9cb-469f-a165-70867728950e"
    lines = [
        hop("request", "1"), hop("checkout/reserve", "2", "1", **{"labels.saga_id": order}),
        {**hop("other", "3"), "http.request.id": 'id "2"', "trace.id": "c" * 32},
    ]  # fmt: skip
    text = [json.dumps(line, separators=(",", ":")) for line in lines]
    (tmp_path / "a.jsonl").write_text(f"no line of ours {order}\n" + "\n".join(text[:1]) + "\n")
    (tmp_path / "b.jsonl").write_text("\n".join(text[1:]))
    (tmp_path / "empty.jsonl").touch()
    with (tmp_path / "b.jsonl").open("a") as cut:
        cut.write('\n{"http.request.id":"id-1","trace')
    files = Files(list(tmp_path.iterdir()))
    for asked in ("id-1", TRACE, order):
        (trace,) = find(asked, where=files).traces
        assert names(trace.hops) == [("request", ["checkout/reserve"])], asked
    (trace,) = find(' id "2" ', where=files).traces
    assert names(trace.hops) == ["other"]
    for asked in ("", "id", order[:8]):
        assert find(asked, where=files).traces == [], asked


@pytest.mark.usefixtures("database")
def test_of_very_many_lines_the_newest_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extract.observe.traces.files.MOST_LINES", 3)
    lines = [hop(f"hop {number}", str(number), at=number) for number in range(10)]
    (tmp_path / "a.jsonl").write_text(
        "\n".join(json.dumps(line, separators=(",", ":")) for line in lines)
    )
    (trace,) = find("id-1", where=Files(list(tmp_path.iterdir()))).traces
    assert names(trace.hops) == ["hop 7", "hop 8", "hop 9"]
