"""How an app declares an event: a frozen struct with a type name and a version."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import msgspec

E = TypeVar("E", bound="Event")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all events: ``class OrderPaid(Event, frozen=True, kw_only=True)``.

    Subclasses name ``app`` and ``version`` as class variables; ``type`` follows from the
    class name. Their fields are what subscribers get, so they must be able to cross a
    contract.
    """

    app: ClassVar[str] = ""
    version: ClassVar[int] = 1
    type: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.app:
            raise TypeError(f"{cls.__name__} must name the app that publishes it.")
        cls.type = f"{cls.app}.{cls.__name__}"


def encode_event(event: Event) -> str:
    """The event's fields as JSON text."""
    return msgspec.json.encode(event).decode()


def decode_event(kind: type[E], payload: str) -> E:
    """The event that ``encode_event`` wrote. Raises ``msgspec.ValidationError``."""
    return msgspec.json.decode(payload, type=kind)
