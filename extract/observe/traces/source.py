"""What a source of lines gives, wherever they are kept."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol


class SourceAway(Exception):
    """The lines cannot be read; the message is a sentence that says why."""


class Source(Protocol):
    """Every method raises ``SourceAway``. Lines have ECS's dotted names, as they were written."""

    def lines(self, *, trace_ids: Collection[str]) -> list[dict[str, Any]]:
        """Every line of these traces, oldest first."""

    def traces_naming(self, text: str) -> list[str]:
        """The traces with a line whose ``http.request.id``, ``trace.id`` or any label is this
        text; the newest first."""
