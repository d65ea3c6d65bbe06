"""An event on its way: what happened, in which order, and on whose behalf."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from extract.trace import CallContext, new_context

if TYPE_CHECKING:
    from extract.event.models import EventRow


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it crosses between apps; ``payload`` is its fields as JSON text.

    ``sequence`` counts from 1 within ``aggregate`` and the publishing app. ``subject`` is a
    UUID as text, or "" for nobody.
    """

    event_id: UUID
    type: str
    version: int
    aggregate: str
    sequence: int
    occurred_at: datetime
    correlation_id: str
    traceparent: str
    subject: str
    payload: str

    @classmethod
    def of(cls, row: EventRow) -> Envelope:
        """The envelope that an outbox or inbox row holds."""
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})

    @property
    def columns(self) -> dict[str, Any]:
        """The envelope as the columns of a row."""
        return {name: getattr(self, name) for name in self.__struct_fields__}

    def context(self, *, seconds: float) -> CallContext:
        """The context to handle the event under, with ``seconds`` to do it in."""
        return new_context(
            correlation_id=self.correlation_id,
            traceparent=self.traceparent,
            seconds=seconds,
            subject=self.subject,
        )
