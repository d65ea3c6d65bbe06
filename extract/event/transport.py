"""How events get from a relay to the inbox of a subscriber: the port, and the way in process."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from extract.data import alias_of
from extract.event.envelope import Envelope
from extract.event.handling import finish_due
from extract.event.inbox import DATABASE_AWAY, receive
from extract.event.models import InboxEvent


class Away(Exception):
    """Nothing can be handed over to the subscriber now. The message says why."""


class Transport(Protocol):
    """A way to the subscribers. It may lose, repeat and delay what it is given."""

    def place(self, subscriber: str) -> str:
        """Where events for ``subscriber`` are handed over to now: a name, at most 100 characters.

        What was handed over elsewhere before, and is not confirmed, is handed over again.
        """

    def send(self, subscriber: str, envelope: Envelope, *, again: bool) -> None:
        """Hand ``envelope`` over; ``again``: not for the first time. Raises ``Away``, or whatever
        keeps just this event from being handed over."""

    def confirmed(self, subscriber: str, event_ids: Collection[UUID]) -> set[UUID]:
        """Those of ``event_ids`` that the subscriber's inbox has, maybe long since. Raises
        ``Away`` if it cannot be asked."""

    def may_wait(self, subscriber: str) -> bool:
        """Whether what was handed over for ``subscriber`` may still wait on the way. If it may not
        and is not confirmed either, it is lost: whoever took it has died."""

    def finish_due(self, app: str) -> int:
        """See to it that what is due in the inbox of ``app`` is finished; how much that was."""


class InProcess:
    """Hands over by a call: the subscriber has recorded the event when ``send`` returns."""

    def place(self, subscriber: str) -> str:
        return "here"

    def send(self, subscriber: str, envelope: Envelope, *, again: bool) -> None:
        try:
            receive(subscriber, envelope, again=again)
        except DATABASE_AWAY as error:
            raise Away(f"the database of {subscriber} does not answer: {error}") from error

    def confirmed(self, subscriber: str, event_ids: Collection[UUID]) -> set[UUID]:
        return recorded_here(subscriber, event_ids)

    def may_wait(self, subscriber: str) -> bool:
        return False

    def finish_due(self, app: str) -> int:
        return finish_due(app)


def recorded_here(subscriber: str, event_ids: Collection[UUID]) -> set[UUID]:
    """Those of ``event_ids`` that are in the inbox of ``subscriber``, whose alias is open here."""
    rows = InboxEvent.objects.using(alias_of(subscriber)).filter(
        consumer=subscriber, event_id__in=event_ids
    )
    try:
        return set(rows.values_list("event_id", flat=True))
    except DATABASE_AWAY as error:
        raise Away(f"the database of {subscriber} does not answer: {error}") from error
