"""A described type, taken apart: what may stand in its place, and what people call it."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec

PROSE = {"title", "description", "default", "examples", "deprecated"}
"""Keywords that say nothing of what may be sent; a sender writes its defaults out."""
STRUCTURE = {
    *("type", "enum", "anyOf", "discriminator", "contentEncoding", "items", "prefixItems"),
    *("properties", "required", "additionalProperties"),
}
_KINDS = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string"}
_NAMES = {"null": "None", "boolean": "bool", "integer": "int", "number": "float", "string": "str"}
_FORMATS = {
    "date": "date",
    "date-time": "aware datetime",
    "datetime": "datetime",
    "decimal": "Decimal",
    "local-date-time": "naive datetime",
    "uuid": "UUID",
}


class Shape(msgspec.Struct, frozen=True):
    """A JSON schema with the named parts that it refers to."""

    schema: dict[str, Any]
    parts: dict[str, Any]

    @classmethod
    def of(cls, described: dict[str, Any]) -> Shape:
        """What ``describe_shape`` gave."""
        if "schema" in described:
            return cls(described["schema"], described["parts"])
        return cls(described, {})

    def within(self, schema: dict[str, Any]) -> Shape:
        """Another schema among the same parts."""
        return Shape(schema, self.parts).resolved()

    def resolved(self) -> Shape:
        """With the named part in place of its name."""
        if "$ref" not in self.schema:
            return self
        beside = {key: value for key, value in self.schema.items() if key != "$ref"}
        return self.within({**self.parts[self.schema["$ref"]], **beside})

    @property
    def kind(self) -> str:
        """What it is in JSON; "" for what cannot be told."""
        if "enum" in self.schema:
            kinds = {_KINDS[type(value)] for value in self.schema["enum"]}
            return kinds.pop() if len(kinds) == 1 else ""
        return str(self.schema.get("type", ""))

    @property
    def limits(self) -> dict[str, Any]:
        """The keywords that narrow it down further than its structure does."""
        return {key: value for key, value in self.schema.items() if key not in PROSE | STRUCTURE}

    @property
    def fields(self) -> dict[str, Shape]:
        """An object's properties."""
        return {name: self.within(each) for name, each in self.schema["properties"].items()}

    @property
    def required(self) -> set[str]:
        """The names of the properties that an object cannot do without."""
        return set(self.schema["required"])

    def alternatives(self) -> tuple[Shape, ...]:
        """What may stand in its place, each of one kind."""
        if self.limits:
            return (self,)
        if "anyOf" in self.schema:
            options = [self.within(option).alternatives() for option in self.schema["anyOf"]]
            return tuple(itertools.chain.from_iterable(options))
        if "enum" in self.schema:
            by_kind: dict[str, list[Any]] = {}
            for value in self.schema["enum"]:
                by_kind.setdefault(_KINDS[type(value)], []).append(value)
            return tuple(self.within({"enum": values}) for values in by_kind.values())
        return (self,)

    @property
    def name(self) -> str:
        """As a person would annotate it: ``tuple[Item, ...]``, ``int (minimum 1)``."""
        limits = {key: value for key, value in self.limits.items() if key != "format"}
        if "prefixItems" in self.schema:  # its length is plain from its name
            limits = {key: limits[key] for key in limits.keys() - {"minItems", "maxItems"}}
        said = ", ".join(f"{key} {value}" for key, value in sorted(limits.items()))
        return f"{self._bare_name} ({said})" if said else self._bare_name

    @property
    def _bare_name(self) -> str:
        schema = self.schema
        if "anyOf" in schema:
            return " | ".join(self.within(option).name for option in schema["anyOf"])
        if "enum" in schema:
            return " | ".join(map(repr, schema["enum"]))
        if "title" in schema:
            return str(schema["title"])
        if self.kind == "array":
            places = [self.within(each).name for each in schema.get("prefixItems", ())]
            if isinstance(schema.get("items"), dict):
                places += [self.within(schema["items"]).name, "..."]
            return f"tuple[{', '.join(places) or '()'}]"
        if schema.get("contentEncoding") == "base64":
            return "bytes"
        known = _NAMES.get(self.kind, self.kind or "a type unknown here")
        form = str(schema.get("format", known))
        return _FORMATS.get(form, form)
