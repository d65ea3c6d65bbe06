"""A hop: inside which, how long, what came of it, and who is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from extract.call import DeclaredError
from extract.trace import (
    Kind,
    Span,
    add_sink,
    current_context,
    new_context,
    remove_sink,
    span,
    using_context,
)
from extract.trace.span import Outcome

CLIENT = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@pytest.fixture
def ended() -> Iterator[list[Span]]:
    found: list[Span] = []
    add_sink(found.append)
    yield found
    remove_sink(found.append)


class Sold(DeclaredError):
    """It is sold."""


def test_what_runs_in_a_hop_is_inside_it(ended: list[Span]) -> None:
    with using_context(new_context(traceparent=CLIENT, correlation_id="id-1")):
        with span("outer", Kind.SERVER):
            with span("inner", Kind.CLIENT, attempt=2, app="product"):
                seen = current_context()
        assert current_context().traceparent == CLIENT
    inner, outer = ended
    assert (inner.name, outer.name) == ("inner", "outer")
    assert (outer.trace_id, outer.parent_id) == ("a" * 32, "b" * 16)
    assert (inner.trace_id, inner.parent_id) == ("a" * 32, outer.span_id)
    assert (seen.span_id, seen.correlation_id) == (inner.span_id, "id-1")
    assert (inner.attempt, inner.labels, inner.correlation_id) == (2, {"app": "product"}, "id-1")
    assert 0 < inner.duration <= outer.duration
    assert outer.started_at <= inner.started_at


def test_a_trace_that_begins_here_has_no_parent(ended: list[Span]) -> None:
    with span("first", Kind.INTERNAL), span("second", Kind.INTERNAL):
        pass
    second, first = ended
    assert first.parent_id == ""
    assert second.parent_id == first.span_id


def test_an_error_passes_and_is_told(ended: list[Span]) -> None:
    with pytest.raises(KeyError), span("breaks", Kind.INTERNAL):
        raise KeyError("nothing there")
    with pytest.raises(Sold), span("refuses", Kind.INTERNAL):
        raise Sold
    broken, refused = ended
    assert (broken.outcome, broken.is_fault) == (Outcome.FAILURE, True)
    assert (refused.outcome, refused.is_fault) == (Outcome.FAILURE, False)
    assert isinstance(refused.error, Sold)


def test_a_sink_that_breaks_ends_no_work(ended: list[Span]) -> None:
    def breaks(hop: Span) -> None:
        raise RuntimeError(hop.name)

    add_sink(breaks)
    try:
        with span("goes on", Kind.INTERNAL):
            pass
    finally:
        remove_sink(breaks)
    assert [hop.name for hop in ended] == ["goes on"]
