"""Logging for structlog and the standard library alike: one shape, one line each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, Processor

from extract.observe.processors import EcsNames, add_context, hide_access_tokens, tell_error

_EVERY_LINE: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    add_context,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    hide_access_tokens,
]


def configure_structlog() -> None:
    """Send structlog's lines through the standard library's handlers."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_EVERY_LINE,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def logging_config(
    *, service: str, console: bool | None = None, level: str = "INFO", file: Path | None = None
) -> Any:
    """A ``dictConfig``: JSON lines with ECS names on standard error, or text for a person.

    ``console`` unset: text where standard error is a terminal. ``file``: the JSON lines are kept
    there as well.
    """
    if console is None:
        console = sys.stderr.isatty()
    text = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    json = [tell_error, EcsNames(service), _render]
    handlers: dict[str, Any] = {
        "text" if console else "line": {
            "()": "extract.observe.lines.Lines",
            "formatter": "text" if console else "json",
        }
    }
    if file is not None:
        handlers["kept"] = {
            "()": "extract.observe.lines.KeptLines",
            "filename": str(file),
            "formatter": "json",
        }
    own = {"handlers": [*handlers], "level": level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": _formatter(json), "text": _formatter(text)},
        "handlers": handlers,
        "root": {"handlers": [*handlers], "level": level},
        "loggers": {
            "django": own,
            # Each request is a line already, as a hop; a person is shown django-structlog's.
            "django_structlog": {"level": level if console else "WARNING"},
            "django.request": {**own, "level": "ERROR"},
            "django.server": {**own, "level": "WARNING"},
            # Each event has lines of its own; that a task came and went says no more.
            "celery": {**own, "level": "WARNING"},
            "gunicorn.error": own,
            "gunicorn.access": {**own, "level": "WARNING"},
        },
    }


def _formatter(last: Sequence[Any]) -> dict[str, Any]:
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _EVERY_LINE,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    }


def _render(logger: Any, method: str, event: EventDict) -> str:
    return msgspec.json.encode(event, enc_hook=repr, order=None).decode()
