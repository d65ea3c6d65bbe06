"""What a running process tells of itself: one correlation id from the request into every line."""

from extract.observe.instance import served_by
from extract.observe.logs import configure_structlog, logging_config
from extract.observe.span_lines import tell_hops

__all__ = ["configure_structlog", "logging_config", "served_by", "tell_hops"]
