"""The surroundings of a piece of work, and the hops that it takes: what every room may use."""

from extract.trace.context import (
    CallContext,
    context_if_any,
    current_context,
    new_context,
    using_context,
)
from extract.trace.span import Kind, Span, add_sink, remove_sink, span

__all__ = [
    "CallContext",
    "Kind",
    "Span",
    "add_sink",
    "context_if_any",
    "current_context",
    "new_context",
    "remove_sink",
    "span",
    "using_context",
]
