"""Work that an app asks of itself: an event to its own inbox, under the guarantees of all events.

@work("receipt", "resend")
def resend(key: str) -> None: ...

with owned("receipt"):
    ask("receipt", "resend", str(resend.pk))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from extract.event.event import Event
from extract.event.models import InboxEvent, OutboxEvent
from extract.event.outbox import publish
from extract.event.subscription import SubscriptionMistake, subscribe

Work = Callable[[str], None]
W = Callable[[Work], Work]

_works: dict[tuple[str, str], Work] = {}
_events: dict[str, type[Event]] = {}


class UnknownWork(Exception):
    """Work was asked for that no code here does."""


def work(app: str, name: str) -> W:
    """Declare what does the work ``name`` of ``app``: given a key, outside any transaction, and
    more than once if it fails or its process dies. Raises ``SubscriptionMistake``."""

    def declare(function: Work) -> Work:
        if (app, name) in _works:
            raise SubscriptionMistake(f"The work {name!r} of {app} is declared twice.")
        if app not in _events:
            _events[app] = _declared_event(app)
        _works[app, name] = function
        return function

    return declare


def ask(app: str, name: str, key: str) -> None:
    """Have the work done, some time after the commit. Inside ``owned(app)``; the same work with
    the same key is done in the order in which it was asked for."""
    if (app, name) not in _works:
        raise UnknownWork(f"{app} declares no work {name!r}.")
    publish(_events[app](name=name, key=key), aggregate=aggregate_of(name, key))


def is_asked(app: str, name: str, key: str) -> bool:
    """Whether it was asked for and is not done yet, or is a dead letter."""
    aggregate = aggregate_of(name, key)
    waiting = OutboxEvent.objects.using(app).filter(
        subscriber=app, aggregate=aggregate, state=OutboxEvent.State.WAITING
    )
    undecided = InboxEvent.objects.using(app).filter(
        aggregate=aggregate, state__in=InboxEvent.UNDECIDED
    )
    return waiting.exists() or undecided.exists()


def given_up(app: str, name: str) -> frozenset[str]:
    """The keys of such work as is a dead letter now, or was one and is discarded."""
    rows = InboxEvent.objects.using(app).filter(
        state__in=(InboxEvent.State.DEAD, InboxEvent.State.DISCARDED),
        aggregate__startswith=aggregate_of(name, ""),
    )
    return frozenset(row.partition("/")[2] for row in rows.values_list("aggregate", flat=True))


def aggregate_of(name: str, key: str) -> str:
    """What events of that work with that key are told of under."""
    return f"{name}/{key}"


def _declared_event(of_app: str) -> type[Event]:
    class WorkDue(Event, frozen=True, kw_only=True):
        """Work that the app asked of itself."""

        app: ClassVar[str] = of_app

        name: str
        key: str

    def record(event: WorkDue) -> None:
        """Nothing but the event itself."""

    def do(event: WorkDue) -> None:
        if (found := _works.get((of_app, event.name))) is None:
            raise UnknownWork(
                f"{of_app} declares no work {event.name!r}; run the release that does."
            )
        found(event.key)

    for function in (record, do):
        # The class is local, so its name alone would not be found.
        function.__annotations__["event"] = WorkDue
    subscribe(WorkDue, app=of_app)(record).then(do)
    return WorkDue
