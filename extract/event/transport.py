"""How events get from a relay to the inbox of a subscriber: the port, and the way in process."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from extract.data import alias_of
from extract.event.envelope import Envelope
from extract.event.inbox import receive
from extract.event.models import InboxEvent


class Transport(Protocol):
    """A way to the subscribers. It may lose, repeat and delay what it is given."""

    def send(self, subscriber: str, envelope: Envelope) -> None:
        """Hand ``envelope`` over. Raises whatever keeps it from being handed over."""

    def confirmed(self, subscriber: str, event_ids: Collection[UUID]) -> set[UUID]:
        """Those of ``event_ids`` that the subscriber's inbox has recorded, maybe long ago."""


class InProcess:
    """Hands over by a call: the subscriber has recorded the event when ``send`` returns."""

    def send(self, subscriber: str, envelope: Envelope) -> None:
        receive(subscriber, envelope)

    def confirmed(self, subscriber: str, event_ids: Collection[UUID]) -> set[UUID]:
        rows = InboxEvent.objects.using(alias_of(subscriber)).filter(
            consumer=subscriber, event_id__in=event_ids
        )
        return set(rows.values_list("event_id", flat=True))
