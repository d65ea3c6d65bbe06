"""Lines made into trees: each hop inside the one that it was part of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from extract.observe.traces.hop import NEVER_ENDED, Hop, Note, Trace
from extract.observe.traces.source import Line
from extract.observe.traces.suspect import own_ms, suspect_in

SPAN, GATEWAY = "extract.span", "extract.gateway"
MS = 1_000_000
_NOT_SHOWN = ("parent_id", "kind", "attempt", "app", "peer", "caller", "ended_at")


def traces_of(lines: Iterable[Line]) -> list[Trace]:
    """The traces in these lines, the oldest first."""
    by_trace: defaultdict[str, list[Line]] = defaultdict(list)
    gateway: list[Line] = []
    for line in lines:
        if line.get("event.dataset") == GATEWAY:
            gateway.append(line)
        elif trace_id := line.get("trace.id"):
            by_trace[str(trace_id)].append(line)
    traces = [_trace(trace_id, of_it) for trace_id, of_it in by_trace.items()]
    _put_behind_gateway(traces, gateway)
    for trace in traces:
        _count_from_start(trace)
    return sorted(traces, key=lambda trace: trace.started_at)


def _trace(trace_id: str, lines: list[Line]) -> Trace:
    hops: dict[str, Hop] = {}
    for line in lines:
        if line.get("event.dataset") == SPAN and line["span.id"] not in hops:
            hops[line["span.id"]] = _hop(line)
    loose: list[Note] = []
    for line in sorted(lines, key=lambda line: str(line["@timestamp"])):
        if line.get("event.dataset") != SPAN:
            hop = hops.get(str(line.get("span.id")))
            (hop.notes if hop else loose).append(_note(line))
    roots = _nested(hops)
    times = [each.started_at for each in hops.values()] or [note.at for note in loose]
    return Trace(
        trace_id=trace_id,
        correlation_id=str(lines[0].get("http.request.id", "")),
        started_at=min(times),
        duration_ms=0.0,
        hops=roots,
        notes=loose,
    )


def _nested(hops: dict[str, Hop]) -> list[Hop]:
    """Put each into its parent; returns those without one."""
    roots: list[Hop] = []
    dead: dict[str, Hop] = {}
    for hop in sorted(hops.values(), key=lambda each: each.started_at):
        if not hop.parent_id:
            roots.append(hop)
        elif (parent := hops.get(hop.parent_id)) is not None:
            parent.hops.append(hop)
        elif _comes_from_outside(hop):
            roots.append(hop)
        else:
            if hop.parent_id not in dead:
                dead[hop.parent_id] = _never_ended(hop)
                roots.append(dead[hop.parent_id])
            dead[hop.parent_id].hops.append(hop)
    return roots


def _comes_from_outside(hop: Hop) -> bool:
    """A request whose client has a trace of its own: that hop is nobody's here."""
    return hop.status is not None


def _never_ended(first: Hop) -> Hop:
    """What the first hop inside it tells of it: the same process, where that one called."""
    is_same = first.kind not in ("server", "consumer")
    return Hop(
        span_id=first.parent_id,
        parent_id="",
        name=NEVER_ENDED,
        kind="internal",
        service=first.service if is_same else "?",
        instance=first.instance if is_same else "?",
        version=first.version if is_same else "",
        started_at=first.started_at,
        at_ms=0.0,
        duration_ms=first.duration_ms,
        outcome="unknown",
        is_fault=True,
    )


def _hop(line: Line) -> Hop:
    labels = {
        name.removeprefix("labels."): str(value)
        for name, value in line.items()
        if name.startswith("labels.")
    }
    return Hop(
        span_id=line["span.id"],
        parent_id=labels.get("parent_id", ""),
        name=line["message"],
        kind=labels.get("kind", ""),
        service=line.get("service.name", ""),
        instance=line.get("service.node.name", ""),
        version=line.get("service.version", ""),
        started_at=datetime.fromisoformat(line["event.start"]),
        at_ms=0.0,
        duration_ms=int(line["event.duration"]) / MS,
        outcome=line["event.outcome"],
        is_fault=line.get("log.level") == "error",
        attempt=int(labels.get("attempt", "1")),
        app=labels.get("app", ""),
        peer=labels.get("peer", ""),
        status=line.get("http.response.status_code"),
        error=line.get("error.message", ""),
        error_type=line.get("error.type", ""),
        where=_where(line),
        stack=line.get("error.stack_trace", ""),
        labels={name: value for name, value in labels.items() if name not in _NOT_SHOWN},
    )


def _where(line: Line) -> str:
    name = line.get("log.origin.file.name")
    return f"{name}:{line.get('log.origin.file.line')}" if name else ""


def _note(line: Line) -> Note:
    message = str(line.get("message", ""))
    return Note(
        at=datetime.fromisoformat(line["@timestamp"]),
        level=str(line.get("log.level", "")),
        message=message,
        error=str(line.get("error.message", "")),
        stack=str(line.get("error.stack_trace", "")),
    )


def _put_behind_gateway(traces: list[Trace], lines: list[Line]) -> None:
    """The gateway knows the correlation id alone: a request that it passed on began, for the
    instance, while it was under way there."""
    for line in lines:
        hop = _gateway_hop(line)
        ends = hop.started_at.timestamp() + hop.duration_ms / 1000
        inside = [
            (trace, root)
            for trace in traces
            if trace.correlation_id == line["http.request.id"]
            for root in trace.hops
            if root.kind == "server"
            and hop.started_at.timestamp() - CLOCK <= root.started_at.timestamp() <= ends + CLOCK
        ]
        if not inside:
            traces.append(_alone(hop, line))
            continue
        trace = inside[0][0]
        hop.hops = [root for of, root in inside if of is trace]
        trace.hops = sorted(
            [hop, *(root for root in trace.hops if root not in hop.hops)],
            key=lambda each: each.started_at,
        )


CLOCK = 0.002
"""Seconds by which the gateway's times are rounded."""


def _gateway_hop(line: Line) -> Hop:
    duration = int(line["event.duration"]) / MS
    # To the millisecond, where the line's own time is to the second.
    told = line.get("labels.ended_at")
    ended = float(told or datetime.fromisoformat(line["@timestamp"]).timestamp())
    started = datetime.fromtimestamp(ended - duration / 1000, tz=UTC)
    return Hop(
        span_id="",
        parent_id="",
        name=line["message"],
        kind="server",
        service="gateway",
        instance="",
        version=line.get("service.version", ""),
        started_at=started,
        at_ms=0.0,
        duration_ms=duration,
        outcome=line["event.outcome"],
        is_fault=line["log.level"] == "error",
        app=line.get("labels.app", ""),
        peer=line.get("labels.peer", ""),
        status=line.get("http.response.status_code"),
    )


def _alone(hop: Hop, line: Line) -> Trace:
    """A request that no instance has told of."""
    return Trace(
        trace_id="",
        correlation_id=line["http.request.id"],
        started_at=hop.started_at,
        duration_ms=hop.duration_ms,
        hops=[hop],
    )


def _count_from_start(trace: Trace) -> None:
    hops = list(trace.all())
    if not hops:
        return
    trace.started_at = min(each.started_at for each in hops)
    for each in hops:
        each.at_ms = (each.started_at - trace.started_at).total_seconds() * 1000
        each.own_ms = own_ms(each)
    trace.duration_ms = max(each.at_ms + each.duration_ms for each in hops)
    trace.suspect = suspect_in(hops)
