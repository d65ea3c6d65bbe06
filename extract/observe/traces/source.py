"""Where lines are read: the port behind which Elasticsearch or the processes' own files are."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

Line = dict[str, Any]
"""A line of the log: ECS's names with dots, as it was written."""

MOST_LINES = 10_000
"""Lines that are read for one question: the newest, where there are more."""
MOST_TRACES = 50


class SourceAway(Exception):
    """The lines cannot be read now. The message says why, and what to do."""


class Source(Protocol):
    """A place where lines of all processes are found."""

    name: str

    def naming(self, texts: Collection[str]) -> set[str]:
        """The correlation ids of lines whose correlation id, trace or a label is one of ``texts``:
        those of the newest, at most ``MOST_TRACES``."""

    def lines(self, correlation_ids: Collection[str]) -> list[Line]:
        """Every line of these, in no order; the newest ``MOST_LINES`` if there are more."""
