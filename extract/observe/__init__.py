"""What a running process tells of itself: one correlation id from the request into every line."""

from extract.observe.instance import instance_name
from extract.observe.logs import configure_structlog, logging_config

__all__ = ["configure_structlog", "instance_name", "logging_config"]
