"""Logging for structlog and the standard library alike: one shape, one handler, one line each."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, Processor

from extract.observe.processors import EcsNames, add_context, hide_access_tokens

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


def logging_config(*, service: str, console: bool | None = None, level: str = "INFO") -> Any:
    """A ``dictConfig``: JSON lines with ECS names on standard error, or text for a person.

    ``console`` unset: text where standard error is a terminal.
    """
    if console is None:
        console = sys.stderr.isatty()
    last = _text(sys.stderr.isatty()) if console else _json(service)
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _EVERY_LINE,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    }
    own = {"handlers": ["line"], "level": level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"line": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["line"], "level": level},
        "loggers": {
            "django": own,
            # django-structlog has one line for each request, with its id, its status and more.
            "django.request": {**own, "level": "ERROR"},
            "django.server": {**own, "level": "WARNING"},
            # Each event has lines of its own; that a task came and went says no more.
            "celery": {**own, "level": "WARNING"},
            "gunicorn.error": own,
            "gunicorn.access": {**own, "level": "WARNING"},
        },
    }


def _text(colors: bool) -> list[Processor]:
    return [structlog.dev.ConsoleRenderer(colors=colors)]


def _json(service: str) -> list[Processor]:
    return [structlog.processors.format_exc_info, EcsNames(service), _render]


def _render(logger: Any, method: str, event: EventDict) -> str:
    return msgspec.json.encode(event, enc_hook=repr, order=None).decode()
