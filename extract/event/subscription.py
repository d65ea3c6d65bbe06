"""Who gets which event: subscribers are declared, and mistakes are found there and then."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from extract.call.shapes import check_shape
from extract.data import app_aliases
from extract.event.event import Event

E = TypeVar("E", bound=Event)


class SubscriptionMistake(TypeError):
    """A subscriber is declared wrongly."""


class Subscription(Generic[E]):
    """One app's handling of one event type, in one or two steps.

    ``record`` runs inside ``owned(app)`` together with the inbox row. ``finish``, if given
    by ``@<record>.then``, runs afterwards outside any transaction, until it succeeds.
    """

    def __init__(self, event: type[E], app: str, record: Callable[[E], None]) -> None:
        _check_takes(record, event)
        self.event = event
        self.app = app
        self.record = record
        self.finish: Callable[[E], None] | None = None
        self.__doc__ = record.__doc__

    def __call__(self, event: E) -> None:
        """Run the first step itself."""
        self.record(event)

    def __repr__(self) -> str:
        return f"<{self.app} subscribes to {self.event.type}>"

    def then(self, function: Callable[[E], None]) -> Callable[[E], None]:
        """Declare the second step. It may run more than once for an event."""
        _check_takes(function, self.event)
        if self.finish is not None:
            raise SubscriptionMistake(f"{self!r} has a second step already.")
        self.finish = function
        return function


_subscriptions: dict[tuple[str, str], Subscription[Any]] = {}


def subscribe(event: type[E], *, app: str) -> Callable[[Callable[[E], None]], Subscription[E]]:
    """Declare that ``app`` handles ``event``; once per app and event.

    Raises ``SubscriptionMistake`` for anything that could not work.
    """
    if not (isinstance(event, type) and issubclass(event, Event) and event.type):
        raise SubscriptionMistake(f"{event!r} is not an event; declare it as a subclass of Event.")
    if app not in app_aliases():
        raise SubscriptionMistake(f"{app!r} cannot subscribe: no database alias has that name.")
    check_shape(event, f"event {event.type}")

    def declare(function: Callable[[E], None]) -> Subscription[E]:
        subscription = Subscription(event, app, function)
        known = _subscriptions.get((app, event.type))
        if known is not None:
            raise SubscriptionMistake(
                f"{app} subscribes to {event.type} twice: {_name(known.record)} and "
                f"{_name(function)}; do both in one subscriber."
            )
        _subscriptions[app, event.type] = subscription
        return subscription

    return declare


def subscriptions() -> tuple[Subscription[Any], ...]:
    """Every subscription declared so far, by app and event type."""
    return tuple(_subscriptions[key] for key in sorted(_subscriptions))


def subscription_of(app: str, event_type: str) -> Subscription[Any] | None:
    """The subscription of ``app`` to that type of event, or None."""
    return _subscriptions.get((app, event_type))


def subscribers_of(event_type: str) -> tuple[str, ...]:
    """The apps that subscribe to that type of event."""
    return tuple(app for app, of_type in sorted(_subscriptions) if of_type == event_type)


def subscribers_to(publisher: str) -> tuple[str, ...]:
    """The apps that subscribe to any event of ``publisher``."""
    events = {(app, known.event.app) for (app, _), known in _subscriptions.items()}
    return tuple(sorted(app for app, of_app in events if of_app == publisher))


def withdraw(subscription: Subscription[Any]) -> None:
    """Take a subscription back, for tests that declare their own."""
    del _subscriptions[subscription.app, subscription.event.type]


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _check_takes(function: Callable[..., Any], event: type[Event]) -> None:
    name = _name(function)
    if inspect.iscoroutinefunction(function):
        raise SubscriptionMistake(f"{name} must be an ordinary function, not async.")
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) != 1 or parameters[0].kind is not parameters[0].POSITIONAL_OR_KEYWORD:
        raise SubscriptionMistake(f"{name} must take the event, and nothing else.")
    hints = typing.get_type_hints(function)
    if hints.get(parameters[0].name) is not event:
        raise SubscriptionMistake(
            f"{name} must annotate its parameter as {event.__name__}, the event it subscribes to."
        )
    if hints.get("return") is not type(None):
        raise SubscriptionMistake(f"{name} must return None: nobody reads what it returns.")
