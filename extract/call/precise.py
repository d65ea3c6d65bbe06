"""What msgspec's JSON schemas leave out, and two versions of a contract must not confuse.

To a schema of msgspec, a datetime is any string, and a limit on bytes is one on their base64
text, rounded up.
"""

from __future__ import annotations

from typing import Any

import msgspec.inspect as mi

DATETIME_FORMATS = {None: "datetime", True: "date-time", False: "local-date-time"}
"""By msgspec's ``Meta(tz=…)``; the one with an offset is JSON Schema's own."""


def make_precise(kind: Any, schema: dict[str, Any], parts: dict[str, Any]) -> None:
    """Complete, in place, what ``schema_components`` said of ``kind``."""
    _complete(mi.type_info(kind), schema, parts, set())


def _complete(info: mi.Type, schema: dict[str, Any], parts: dict[str, Any], done: set[str]) -> None:
    info = _bare(info)
    if "$ref" in schema:
        name = schema["$ref"]
        if name in done:
            return
        done.add(name)
        schema = parts[name]
    if isinstance(info, mi.DateTimeType):
        schema["format"] = DATETIME_FORMATS[info.tz]
    elif isinstance(info, mi.BytesType):
        for keyword, limit in (("minLength", info.min_length), ("maxLength", info.max_length)):
            if limit is not None:
                schema[keyword] = limit
    for inner, described in _inner(info, schema):
        _complete(inner, described, parts, done)


def _inner(info: mi.Type, schema: dict[str, Any]) -> list[tuple[mi.Type, dict[str, Any]]]:
    """The types that a type is made of, each with its schema."""
    if isinstance(info, mi.VarTupleType):
        return [(info.item_type, schema["items"])]
    if isinstance(info, mi.TupleType):
        return list(zip(info.item_types, schema.get("prefixItems", ()), strict=True))
    if isinstance(info, mi.StructType):
        if info.array_like:
            fields = schema["prefixItems"][-len(info.fields) :] if info.fields else []
        else:
            fields = [schema["properties"][field.encode_name] for field in info.fields]
        return [(field.type, each) for field, each in zip(info.fields, fields, strict=True)]
    if isinstance(info, mi.UnionType):
        return _options(info, schema["anyOf"])
    return []


def _options(
    union: mi.UnionType, options: list[dict[str, Any]]
) -> list[tuple[mi.Type, dict[str, Any]]]:
    """msgspec lists structs after the others (several in a union of their own), None last."""
    structs = [member for member in union.types if _is_object(member)]
    others = [
        member
        for member in union.types
        if not _is_object(member) and not isinstance(_bare(member), mi.NoneType)
    ]
    last = options[len(others) :]
    if last and "anyOf" in last[0]:
        last = last[0]["anyOf"]
    return [*zip(others, options, strict=False), *zip(structs, last, strict=False)]


def _is_object(info: mi.Type) -> bool:
    info = _bare(info)
    return isinstance(info, mi.StructType) and not info.array_like


def _bare(info: mi.Type) -> mi.Type:
    while isinstance(info, mi.Metadata):
        info = info.type
    return info
