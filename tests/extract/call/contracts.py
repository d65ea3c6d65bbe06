"""Contracts made up for a test, each of one method ``look``, and types that they speak of."""

from __future__ import annotations

import enum
from typing import Any, ClassVar

import msgspec

from extract.call import Contract, DeclaredError, describe, once, repeatable
from extract.call.compatible import Description
from extract.event import Event

APP = "product"


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class MoreColours(enum.Enum):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"


class Tree(msgspec.Struct, frozen=True):
    name: str
    children: tuple[Tree, ...] = ()


def contract(
    *,
    arguments: dict[str, Any] | None = None,
    defaults: dict[str, Any] | None = None,
    result: Any = None,
    errors: tuple[type[DeclaredError], ...] = (),
    events: tuple[type[Event], ...] = (),
    may_repeat: bool = True,
    method: str = "look",
    version: int = 1,
    app: str = APP,
) -> type[Contract]:
    """A contract with that one method."""
    names = list(arguments or {})
    scope: dict[str, Any] = {}
    exec(f"def {method}(self{', *, ' if names else ''}{', '.join(names)}): ...", scope)
    function = scope[method]
    function.__kwdefaults__ = defaults or {}
    function.__annotations__ = {**(arguments or {}), "return": result}
    decorator = repeatable(raises=errors) if may_repeat else once(raises=errors)
    return type(
        "Made", (Contract,), {method: decorator(function)}, app=app, version=version, events=events
    )


def described(**declared: Any) -> Description:
    """What ``describe`` says of such a contract."""
    return describe(contract(**declared))


def struct(name: str = "Thing", /, **fields: Any) -> type[msgspec.Struct]:
    """A frozen struct; a field given as (type, default) has a default."""
    given = [(field, *kind) if isinstance(kind, tuple) else (field, kind)
             for field, kind in fields.items()]  # fmt: skip
    return msgspec.defstruct(name, given, frozen=True, kw_only=True)


def error(name: str = "Short", **fields: Any) -> type[DeclaredError]:
    """A declared error with these fields."""
    return type(name, (DeclaredError,), {"__doc__": "No.", "__annotations__": fields})


def event(name: str = "Moved", **fields: Any) -> type[Event]:
    """An event of ``APP`` with these fields."""
    annotations = {"app": ClassVar[str], **fields}
    return type(Event)(
        name, (Event,), {"app": APP, "__annotations__": annotations}, frozen=True, kw_only=True
    )
