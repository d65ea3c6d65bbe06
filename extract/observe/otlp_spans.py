"""Hops in OpenTelemetry's words: its semantic conventions where there are some, ``extract.…`` else.

Imported only where spans are sent: the SDK takes memory and time to load.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from extract.observe.processors import hide_tokens, stack_of
from extract.trace import Kind, Span
from extract.trace.span import Outcome

SYSTEM = "extract"

_KINDS = {
    Kind.SERVER: SpanKind.SERVER,
    Kind.CLIENT: SpanKind.CLIENT,
    Kind.PRODUCER: SpanKind.PRODUCER,
    Kind.CONSUMER: SpanKind.CONSUMER,
    Kind.INTERNAL: SpanKind.INTERNAL,
}
_NAMES = {
    "method": "http.request.method",
    "route": "http.route",
    "call": "rpc.method",
    "event_id": "messaging.message.id",
}
"""Of labels that mean the same wherever they are; ``rpc.method`` is ``service/method`` there."""

_Attributes = dict[str, str | int]


class Translator:
    """Makes the SDK's spans, with the very ids, for what ``service`` did."""

    def __init__(self, service: str) -> None:
        self._scope = InstrumentationScope(SYSTEM)
        self._resource = Resource.create(
            {
                "service.name": service,
                "service.instance.id": settings.EXTRACT_INSTANCE,
                "service.version": settings.EXTRACT_VERSION,
            }
        )

    def __call__(self, hop: Span) -> ReadableSpan:
        ended = hop.started_at + hop.duration
        return ReadableSpan(
            name=hop.name,
            context=_context(hop, hop.span_id, is_remote=False),
            parent=_context(hop, hop.parent_id, is_remote=True) if hop.parent_id else None,
            resource=self._resource,
            attributes=_attributes(hop),
            events=(_exception(hop.error, ended),) if hop.error and hop.is_fault else (),
            kind=_KINDS[hop.kind],
            status=_status(hop),
            start_time=hop.started_at,
            end_time=ended,
            instrumentation_scope=self._scope,
        )


def _context(hop: Span, span_id: str, *, is_remote: bool) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if hop.is_sampled else TraceFlags.DEFAULT)
    return SpanContext(int(hop.trace_id, 16), int(span_id, 16), is_remote, flags)


def _attributes(hop: Span) -> Mapping[str, str | int]:
    labels = hop.labels
    told: _Attributes = {
        _NAMES.get(name) or f"extract.{name}": value for name, value in labels.items()
    }
    told["extract.correlation_id"] = hop.correlation_id
    told["extract.attempt"] = hop.attempt
    if hop.subject:
        told["user.id"] = hop.subject
    if hop.error is not None:
        told["error.type"] = type(hop.error).__name__
    if "method" in labels:
        _tell_request(told)
    elif "call" in labels:
        told["rpc.system.name"] = SYSTEM
        told["rpc.method"] = labels["call"].replace(".", "/", 1)
    elif "event" in labels:
        is_sent = hop.kind is Kind.PRODUCER
        told["messaging.system"] = SYSTEM
        told["messaging.operation.type"] = "send" if is_sent else "process"
        told["messaging.operation.name"] = "send" if is_sent else labels.get("step", "")
        told["messaging.destination.name"] = labels.get("subscriber", labels.get("app", ""))
    return told


def _tell_request(told: _Attributes) -> None:
    if status := str(told.pop("extract.status", "")):
        told["http.response.status_code"] = int(status)
    if path := str(told.pop("extract.path", "")):
        told["url.path"] = hide_tokens(path)


def _exception(error: BaseException, at: int) -> Event:
    attributes = {
        "exception.type": type(error).__name__,
        "exception.message": hide_tokens(str(error)),
        "exception.stacktrace": stack_of(error),
    }
    return Event("exception", attributes, timestamp=at)


def _status(hop: Span) -> Status:
    """A failure that was declared, like a declined card, is no error of the service."""
    if hop.is_fault:
        return Status(StatusCode.ERROR, hide_tokens(str(hop.error)) if hop.error else None)
    if hop.outcome is Outcome.UNKNOWN:
        return Status(StatusCode.ERROR)
    return Status(StatusCode.UNSET)
