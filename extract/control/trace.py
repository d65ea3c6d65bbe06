"""The way of a request as a page: what ``manage.py extract trace`` prints, drawn against time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from extract.control.access import VIEW, needing
from extract.observe.traces import Hop, SourceAway, Trace, find

MOST_HOPS = 400
"""Hops of a trace that are drawn; the command prints all."""
DEEPEST = 12
WIDTH = 1000.0
"""Of a bar's drawing: the trace from its start to its end."""


class Row(msgspec.Struct, frozen=True):
    """A hop as a row: ``depth`` in the tree, and where its bar begins and ends, of ``WIDTH``."""

    hop: Hop
    depth: int
    x: float
    width: float
    is_suspect: bool

    @property
    def place(self) -> str:
        """``service/instance``."""
        hop = self.hop
        return f"{hop.service}/{hop.instance}" if hop.instance else hop.service

    @property
    def step(self) -> str:
        """The step, where the name does not say it."""
        step = self.hop.labels.get("step", "")
        return "" if step in self.hop.name else step

    @property
    def end(self) -> str:
        """A word for how it ended: the colour says the same."""
        if self.hop.outcome == "success":
            return ""
        return "failed" if self.hop.is_fault else "refused"


class Drawn(msgspec.Struct, frozen=True):
    """A trace and its rows; ``left_out`` hops are not among them."""

    trace: Trace
    rows: list[Row]
    left_out: int


@needing(VIEW)
@require_safe
def trace(request: HttpRequest) -> HttpResponse:
    """``?id=``: a correlation id, a trace's, an order, an invoice's number or an address."""
    asked = request.GET.get("id", "").strip()[:254]
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "The way of a request",
        "is_fullwidth": True,
        "asked": asked,
    }
    status = 200
    try:
        found = find(asked) if asked else None
    except SourceAway as error:
        context["away"], found, status = str(error), None, 503
    if found is not None:
        context["found"] = found
        context["traces"] = [_drawn(each) for each in reversed(found.traces)]
    return TemplateResponse(request, "extract/control/trace.html", context, status=status)


def _drawn(trace: Trace) -> Drawn:
    rows = [
        _row(hop, depth, trace)
        for root in trace.hops
        for hop, depth in _nested(root, 0)
    ]  # fmt: skip
    return Drawn(trace, rows[:MOST_HOPS], max(len(rows) - MOST_HOPS, 0))


def _nested(hop: Hop, depth: int) -> Iterator[tuple[Hop, int]]:
    yield hop, depth
    for each in hop.hops:
        yield from _nested(each, depth + 1)


def _row(hop: Hop, depth: int, trace: Trace) -> Row:
    whole = max(trace.duration_ms, 0.001)
    x = WIDTH * hop.at_ms / whole
    # What is too short to be seen is drawn as a line.
    width = max(WIDTH * hop.duration_ms / whole, 3.0)
    suspect = trace.suspect
    return Row(
        hop=hop,
        depth=min(depth, DEEPEST),
        x=round(min(x, WIDTH - 3.0), 1),
        width=round(width, 1),
        is_suspect=suspect is not None and suspect.span_id == hop.span_id,
    )
