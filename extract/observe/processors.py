"""What is added to, and taken out of, every log line."""

from __future__ import annotations

import re
from typing import Any

from structlog.typing import EventDict, WrappedLogger

from extract.call import CallContext, context_if_any

# Also what an authorization server hands over in a URL.
_ACCESS = re.compile(
    r"([?&](?:access|code|state|session_state|\w+_token|id_token_hint)=)[^&\s\"']+"
)
_JWT = re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]*)?")
# What Django signs (value:time:signature), and its links to a new password.
_SIGNED = re.compile(
    r"(/|%2F)(?:[\w-]+(?::|%3A)[\w-]+(?::|%3A)[\w-]{20,}|[0-9a-z]{1,13}-[0-9a-f]{32})(?=/|%2F)"
)
_TEXT_FIELDS = ("event", "request")

_ECS = {
    "event": "message",
    "level": "log.level",
    "logger": "log.logger",
    "timestamp": "@timestamp",
    "correlation_id": "http.request.id",
    "trace_id": "trace.id",
    "subject": "user.id",
    "ip": "client.ip",
    "user_agent": "user_agent.original",
    "code": "http.response.status_code",
    "exception": "error.stack_trace",
    "error": "error.message",
}


def add_context(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The correlation id, trace and subject of the running work, or of a record's request."""
    context = context_if_any() or _context_of_record(event)
    if context is not None:
        event.setdefault("correlation_id", context.correlation_id)
        event.setdefault("trace_id", context.traceparent.split("-")[1])
        if context.subject:
            event.setdefault("subject", context.subject)
    event.pop("request_id", None)  # django-structlog's own, unknown to anyone else
    return event


def _context_of_record(event: EventDict) -> CallContext | None:
    # Django logs some answers after the middleware has left, but names the request.
    request = getattr(event.get("_record"), "request", None)
    return getattr(request, "call_context", None)


def hide_access_tokens(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A token in a URL opens an order or an account, a code may yet be used: they stay out of the
    logs."""
    for name in _TEXT_FIELDS:
        if isinstance(text := event.get(name), str):
            text = _JWT.sub("…", _ACCESS.sub(r"\1…", text))
            event[name] = _SIGNED.sub(r"\1…", text)
    return event


class EcsNames:
    """Renames fields as the Elastic Common Schema has them; ``service`` is who speaks."""

    def __init__(self, service: str) -> None:
        self.service = service

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        named: dict[str, Any] = {_ECS.get(name, name): value for name, value in event.items()}
        return {**named, "ecs.version": "8.11", "service.name": self.service}
