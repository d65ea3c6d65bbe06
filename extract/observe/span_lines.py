"""Each hop as a line of the log, for whoever looks for the way of a request."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from extract.observe.lines import KeptLines, Lines, json_handlers
from extract.observe.processors import ECS_VERSION, hide_tokens, origin, stack_of
from extract.trace import Span, add_sink

_encode = msgspec.json.Encoder().encode
_TOLD = "_extract_told"


def tell_hops(service: str) -> None:
    """From now on, every hop of this process is a line. For processes that serve or work: their
    lines go to standard output, and one command in a shell says only what it was asked for."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Lines):
            handler.setStream(sys.stdout)
    if (handlers := json_handlers()) and settings.EXTRACT_LOG_SPANS:
        add_sink(HopLines(service, handlers))


class HopLines:
    """Writes past the logging module, which takes longer than all else that a hop costs."""

    def __init__(self, service: str, handlers: list[Lines | KeptLines]) -> None:
        self._handlers = handlers
        self._origin = {"ecs.version": ECS_VERSION, "event.dataset": "extract.span"}
        self._origin |= {"event.kind": "event", **origin(service)}

    def __call__(self, hop: Span) -> None:
        line = _encode(self.line(hop))
        for handler in self._handlers:
            handler.put(line)

    def line(self, hop: Span) -> dict[str, Any]:
        """The hop by ECS's names; what it has none for is a label."""
        ended = hop.started_at + hop.duration
        line: dict[str, Any] = {
            "@timestamp": _iso(ended),
            "log.level": "error" if hop.is_fault else "info",
            "message": hop.name,
            **self._origin,
            "event.action": hop.name,
            "event.start": _iso(hop.started_at),
            "event.duration": hop.duration,
            "event.outcome": hop.outcome.value,
            "trace.id": hop.trace_id,
            "span.id": hop.span_id,
            "http.request.id": hop.correlation_id,
            "labels.kind": hop.kind.value,
            "labels.attempt": str(hop.attempt),
        }
        if hop.parent_id:
            line["labels.parent_id"] = hop.parent_id
        if hop.subject:
            line["user.id"] = hop.subject
        for name, value in hop.labels.items():
            if name == "method":
                line["http.request.method"] = value
            elif name == "status":
                line["http.response.status_code"] = int(value)
            elif name == "path":
                line["url.path"] = hide_tokens(value)
            elif value:
                line[f"labels.{name}"] = value
        if hop.error is not None:
            _tell_error(line, hop.error, with_stack=hop.is_fault)
        return line


def _tell_error(line: dict[str, Any], error: BaseException, *, with_stack: bool) -> None:
    first = _first(error)
    line["error.type"] = type(first).__name__
    line["error.message"] = hide_tokens(str(first))
    if with_stack and (where := _where(first)):
        line["log.origin.file.name"], line["log.origin.file.line"] = where
    if with_stack and not hasattr(first, _TOLD):
        # The hops around this one end in the same error: one stack is enough.
        line["error.stack_trace"] = stack_of(error)
        first.__dict__[_TOLD] = True


def _first(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _where(error: BaseException) -> tuple[str, int] | None:
    """The line of the project that raised it, or called what did."""
    frames = traceback.extract_tb(error.__traceback__)
    base = f"{settings.BASE_DIR}/"
    own = [each for each in frames if each.filename.startswith(base) and _is_own(each.filename)]
    if not (last := (own or frames)[-1:]):
        return None
    return last[0].filename.removeprefix(base), last[0].lineno or 0


def _is_own(filename: str) -> bool:
    return "site-packages" not in Path(filename).parts


def _iso(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{_second(seconds)}.{rest // 1000:06d}Z"


_last_second = (0, "")


def _second(seconds: int) -> str:
    global _last_second
    if _last_second[0] != seconds:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        _last_second = (seconds, text)
    return _last_second[1]
