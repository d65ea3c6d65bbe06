"""What is added to, and taken out of, every log line, and what its fields are called."""

from __future__ import annotations

import re
import sys
import traceback
from typing import Any

import msgspec
from django.conf import settings
from structlog.typing import EventDict, WrappedLogger

from extract.trace import CallContext, context_if_any

ECS_VERSION = "8.11.0"

# Also what an authorization server hands over in a URL.
_ACCESS = re.compile(
    r"([?&](?:access|code|state|session_state|\w+_token|id_token_hint)=)[^&\s\"']+"
)
_JWT = re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]*)?")
# What Django signs (value:time:signature), and its links to a new password.
_SIGNED = re.compile(
    r"(/|%2F)(?:[\w-]+(?::|%3A)[\w-]+(?::|%3A)[\w-]{20,}|[0-9a-z]{1,13}-[0-9a-f]{32})(?=/|%2F)"
)

_ECS = {
    "event": "message",
    "level": "log.level",
    "logger": "log.logger",
    "timestamp": "@timestamp",
    "correlation_id": "http.request.id",
    "trace_id": "trace.id",
    "span_id": "span.id",
    "subject": "user.id",
    "ip": "client.ip",
    "user_agent": "user_agent.original",
    "code": "http.response.status_code",
    "error": "error.message",
    "path": "url.path",
}
_OWN_FIELDS = re.compile(r"(?:event|error|log|service|http|url|user|labels)\.")


def add_context(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The correlation id, trace and subject of the running work, or of a record's request."""
    context = context_if_any() or _context_of_record(event)
    if context is not None:
        event.setdefault("correlation_id", context.correlation_id)
        event.setdefault("trace_id", context.trace_id)
        event.setdefault("span_id", context.span_id)
        if context.subject:
            event.setdefault("subject", context.subject)
    event.pop("request_id", None)  # django-structlog's own, unknown to anyone else
    return event


def _context_of_record(event: EventDict) -> CallContext | None:
    # Django logs some answers after the middleware has left, but names the request.
    request = getattr(event.get("_record"), "request", None)
    return getattr(request, "call_context", None)


def hide_tokens(text: str) -> str:
    """A token in a URL opens an order or an account, a code may yet be used: they stay out of the
    logs."""
    return _SIGNED.sub(r"\1…", _JWT.sub("…", _ACCESS.sub(r"\1…", text)))


def hide_access_tokens(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Hide them in every text of the line."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = hide_tokens(value)
    return event


def tell_error(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """What was raised, by ECS's names, in place of ``exc_info``."""
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event["error.type"] = type(error).__name__
        event.setdefault("error", hide_tokens(str(error)))
        event["error.stack_trace"] = stack_of(error)
    return event


def stack_of(error: BaseException) -> str:
    """The traceback as text, that of its causes first."""
    return hide_tokens("".join(traceback.format_exception(error)).rstrip())


class EcsNames:
    """Renames fields as the Elastic Common Schema has them; ``service`` is who speaks.

    What it has no name for is a label, as text.
    """

    def __init__(self, service: str) -> None:
        self.service = service

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        line: dict[str, Any] = {
            "ecs.version": ECS_VERSION,
            "event.dataset": "extract.log",
            **origin(self.service),
        }
        for name, value in event.items():
            if name == "request":
                _tell_request(line, value)
            elif (known := _ECS.get(name)) is not None:
                line[known] = value
            elif _OWN_FIELDS.match(name):
                line[name] = value
            elif value is not None:
                line[f"labels.{name}"] = value if isinstance(value, str) else _text(value)
        for name in ("message", "error.message"):
            if name in line and not isinstance(line[name], str):
                line[name] = str(line[name])
        return line


def origin(service: str) -> dict[str, str]:
    """Who speaks: the service, and its instance and version once the settings are read."""
    if not settings.configured:
        return {"service.name": service}
    return {
        "service.name": service,
        "service.node.name": settings.EXTRACT_INSTANCE,
        "service.version": settings.EXTRACT_VERSION,
    }


def _tell_request(line: dict[str, Any], request: Any) -> None:
    """django-structlog names a request as ``GET /path?query``; Django's own logger hands over the
    request itself, whose line has its id already. Nobody knows what a query may hold."""
    method, _, url = str(request).partition(" ")
    if url.startswith("/"):
        line["http.request.method"] = method
        line["url.path"] = hide_tokens(url.partition("?")[0])


def _text(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(value)
    return msgspec.json.encode(value, enc_hook=repr).decode()
