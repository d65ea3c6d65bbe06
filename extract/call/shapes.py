"""Which types may cross a contract, and how a type is described for people and fingerprints."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import types
import typing
import uuid
from typing import Any

import msgspec

from extract.call.errors import ContractMistake
from extract.call.precise import make_precise

_SCALARS = (
    bool,
    int,
    float,
    str,
    bytes,
    type(None),
    decimal.Decimal,
    uuid.UUID,
    dt.datetime,
    dt.date,
)


def check_shape(kind: Any, where: str, _outer: tuple[type, ...] = ()) -> None:
    """Refuse a type that could be changed after it was handed over, or cannot be encoded.

    Allowed: scalars, enums, literals, ``tuple[X, ...]``, unions of these, and frozen,
    keyword-only msgspec structs of these.
    """
    origin = typing.get_origin(kind)
    if kind in _SCALARS or origin is typing.Literal:
        return
    if origin is tuple or origin in (typing.Union, types.UnionType):
        for part in typing.get_args(kind):
            if part is not Ellipsis:
                check_shape(part, where, _outer)
        return
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return
    if kind in _outer:  # a struct that holds more of its own kind
        return
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if not kind.__struct_config__.frozen:
            raise ContractMistake(f"{where}: {kind.__name__} must be declared frozen=True.")
        for name, field_kind in typing.get_type_hints(kind).items():
            if typing.get_origin(field_kind) is not typing.ClassVar:
                check_shape(field_kind, f"{where}: {kind.__name__}.{name}", (*_outer, kind))
        return
    raise ContractMistake(
        f"{where}: {kind!r} may not cross a contract; "
        f"use scalars, enums, tuples and frozen structs."
    )


def describe_shape(kind: Any) -> Any:
    """The JSON schema of a type that ``check_shape`` accepts, with its parts, without prose."""
    (schema,), parts = msgspec.json.schema_components([kind], ref_template="{name}")
    make_precise(kind, schema, parts)
    return _without_prose({"schema": schema, "parts": parts} if parts else schema)


def _without_prose(schema: Any) -> Any:
    if isinstance(schema, dict):
        # A field may be called "description": only a schema's own text is prose.
        return {
            name: _without_prose(part)
            for name, part in schema.items()
            if not (name == "description" and isinstance(part, str))
        }
    if isinstance(schema, list):
        return [_without_prose(part) for part in schema]
    return schema
