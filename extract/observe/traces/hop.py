"""What a trace consists of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

NEVER_ENDED = "(never ended)"
"""The name of a hop of which only what was inside is known: its process died before it ended."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was written during a hop."""

    at: datetime
    level: str
    message: str
    error: str = ""
    stack: str = ""


class Hop(msgspec.Struct, kw_only=True):
    """A hop. ``at_ms`` is counted from the start of the trace, ``own_ms`` is its duration without
    what was inside, ``where`` is ``file:line``.

    ``outcome``: success, failure or unknown. ``is_fault``: a failure that nobody declared.
    """

    span_id: str
    parent_id: str
    name: str
    kind: str
    service: str
    instance: str
    version: str
    started_at: datetime
    at_ms: float
    duration_ms: float
    own_ms: float = 0.0
    outcome: str
    is_fault: bool = False
    attempt: int = 1
    app: str = ""
    peer: str = ""
    status: int | None = None
    error: str = ""
    error_type: str = ""
    where: str = ""
    stack: str = ""
    labels: dict[str, str] = {}
    notes: list[Note] = []
    hops: list[Hop] = []

    def all(self) -> Iterator[Hop]:
        """It and what is inside, in the order in which they are shown."""
        yield self
        for each in self.hops:
            yield from each.all()


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """Where to look first: ``why`` is "failed" or "slow"."""

    why: str
    span_id: str
    service: str
    instance: str
    name: str
    where: str
    error: str


class Trace(msgspec.Struct, kw_only=True):
    """Everything under one trace id; ``hops`` are those inside no other. ``notes`` belong to no
    hop that is known. ``suspect`` is there where something failed or took a second."""

    trace_id: str
    correlation_id: str
    started_at: datetime
    duration_ms: float
    hops: list[Hop]
    notes: list[Note] = []
    suspect: Suspect | None = None

    def all(self) -> Iterator[Hop]:
        """Every hop, as shown."""
        for each in self.hops:
            yield from each.all()

    @property
    def is_fault(self) -> bool:
        return any(each.is_fault for each in self.all())
