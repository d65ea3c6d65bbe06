"""One hop of a piece of work: when it began, how long it took, what came of it, and inside which.

``with span("product.reserve", Kind.CLIENT, app="product"): ...`` runs the block under a context of
its own in the same trace (W3C Trace Context); whoever was added as a sink is told when it ends.
"""

from __future__ import annotations

import enum
import os
import time
from collections.abc import Callable
from contextvars import Token
from types import TracebackType

import msgspec
import structlog

from extract.trace.context import CallContext, context_if_any, entered, left, new_context

logger = structlog.get_logger(__name__)


class Kind(enum.Enum):
    """What a hop is to the one around it, as OpenTelemetry has it."""

    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"
    INTERNAL = "internal"


class Outcome(enum.Enum):
    """How a hop ended, as ECS has it in ``event.outcome``."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNKNOWN = "unknown"


class Span(msgspec.Struct, kw_only=True):
    """A hop. Ids are W3C's hexadecimal digits; ``parent_id`` is "" where the trace begins.

    ``started_at`` is in nanoseconds since 1970, ``duration`` in nanoseconds. ``attempt`` counts
    from 1. ``is_fault`` tells a failure that nobody declared: a declined card is none. ``labels``
    say what else there is to say, by short names.
    """

    name: str
    kind: Kind
    trace_id: str
    span_id: str
    parent_id: str
    correlation_id: str
    subject: str
    is_sampled: bool
    started_at: int
    duration: int = 0
    outcome: Outcome = Outcome.SUCCESS
    is_fault: bool = False
    attempt: int = 1
    labels: dict[str, str]
    error: BaseException | None = None

    def failed(self, error: BaseException) -> None:
        """It ended in ``error``: or in what that stands for, where it says so by ``told_as``.

        An error that its class calls ``is_expected`` is no fault.
        """
        error = getattr(error, "told_as", error)
        self.error = error
        self.outcome = Outcome.FAILURE
        self.is_fault = not getattr(error, "is_expected", False)


Sink = Callable[[Span], None]
_sinks: list[Sink] = []


def add_sink(sink: Sink) -> None:
    """From now on, tell ``sink`` of every hop that ends in this process. It must be quick."""
    if sink not in _sinks:
        _sinks.append(sink)


def remove_sink(sink: Sink) -> None:
    """Tell it no more."""
    if sink in _sinks:
        _sinks.remove(sink)


class span:  # noqa: N801  a context manager, called like a function
    """Run the block as a hop. Made by hand: the standard library's generator takes longer."""

    __slots__ = ("_begun", "_span", "_token")

    def __init__(self, name: str, kind: Kind, *, attempt: int = 1, **labels: str) -> None:
        context = context_if_any()
        if context is None:
            context = new_context()
        self._span, inner = _inside(context, name, kind, attempt, labels)
        self._token: Token[CallContext | None] = entered(inner)
        self._begun = time.perf_counter_ns()

    def __enter__(self) -> Span:
        return self._span

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        ended = self._span
        ended.duration = time.perf_counter_ns() - self._begun
        if error is not None:
            ended.failed(error)
        for sink in _sinks:
            try:
                sink(ended)
            except Exception:
                # What is told of work must not be what ends it.
                logger.exception("span.not_told", span=ended.name)
        left(self._token)


def _inside(
    context: CallContext, name: str, kind: Kind, attempt: int, labels: dict[str, str]
) -> tuple[Span, CallContext]:
    trace_id, parent_id, flags = context.trace_id, context.span_id, context.traceparent[53:]
    span_id = os.urandom(8).hex()
    inner = CallContext(
        correlation_id=context.correlation_id,
        traceparent=f"00-{trace_id}-{span_id}-{flags}",
        ends_at=context.ends_at,
        subject=context.subject,
        roles=context.roles,
        token=context.token,
    )
    hop = Span(
        name=name,
        kind=kind,
        trace_id=trace_id,
        span_id=span_id,
        parent_id="" if context.begins_trace else parent_id,
        correlation_id=context.correlation_id,
        subject=context.subject,
        is_sampled=flags != "00",
        started_at=time.time_ns(),
        attempt=attempt,
        labels=labels,
    )
    return hop, inner
