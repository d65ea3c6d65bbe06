"""Whether everything that one side may send can be read at the other, as the same value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from extract.call.compatible.shape import Shape

_AT_LEAST = {"minimum", "exclusiveMinimum", "minLength", "minItems"}
_AT_MOST = {"maximum", "exclusiveMaximum", "maxLength", "maxItems"}
_WITHIN = {("date-time", "datetime"), ("local-date-time", "datetime")}
"""Formats of which the first is a case of the second."""


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """A place where two shapes do not fit: ``items[].quantity``, or "" for the whole.

    A side is None where it does not know the place, "" where nothing more is to be said.
    """

    path: str
    sent: str | None
    taken: str | None


def mismatches(
    *, sent: dict[str, Any], taken: dict[str, Any], strict: bool
) -> tuple[Mismatch, ...]:
    """Why what is described as ``sent`` may not be readable as ``taken``; () if it always is.

    ``strict``: the receiver must know every field, for what it does not know it ignores.
    Where it cannot be told, it does not fit. What is wrong with a struct is said once.
    """
    fitting = _Fitting(strict=strict)
    fitting.compare("", Shape.of(sent).resolved(), Shape.of(taken).resolved())
    return () if sent == taken else tuple(fitting.found)  # read in any case: it may be malformed


class _Fitting:
    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.found: list[Mismatch] = []
        self._seen: set[bytes] = set()

    def compare(self, path: str, sent: Shape, taken: Shape) -> None:
        options = taken.alternatives()
        pairs = [(each, _counterpart(each, options)) for each in sent.alternatives()]
        for each, other in pairs:
            if other is None:
                self._differ(path, sent.name, taken.name)
                return
            if each.kind not in ("object", "array"):
                if not _scalar_fits(each, other):
                    self._differ(path, each.name, other.name)
            elif self._is_new(each, other):  # a struct may hold more of its own kind
                self._structures(path, each, other)

    def _is_new(self, sent: Shape, taken: Shape) -> bool:
        key = msgspec.json.encode((sent.schema, taken.schema), order="sorted")
        is_new = key not in self._seen
        self._seen.add(key)
        return is_new

    def _structures(self, path: str, sent: Shape, taken: Shape) -> None:
        if sent.kind == "array":
            self._arrays(path, sent, taken)
        elif "properties" in sent.schema and "properties" in taken.schema and not taken.limits:
            self._objects(path, sent, taken)
        else:
            self._differ(path, sent.name, taken.name)

    def _objects(self, path: str, sent: Shape, taken: Shape) -> None:
        open_ended = not self.strict and taken.schema.get("additionalProperties", True) is True
        ours, theirs = sent.fields, taken.fields
        for name, field in ours.items():
            where = f"{path}.{name}" if path else name
            if name in theirs:
                self.compare(where, field, theirs[name])
                if name in taken.required - sent.required:
                    self._differ(where, "optional", "required")
            elif not open_ended:
                self._differ(where, "", None)
        for name in taken.required - ours.keys():
            self._differ(f"{path}.{name}" if path else name, None, "required")

    def _arrays(self, path: str, sent: Shape, taken: Shape) -> None:
        ours, theirs = _Places.of(sent), _Places.of(taken)
        # A struct as an array sends its own fields, and ignores what else it gets.
        is_row = "prefixItems" in sent.schema and ours.rest is None
        most = len(ours.fixed) if is_row else ours.most
        ignored = taken.schema.get("items") is None and most > len(theirs.fixed)
        if (
            not theirs.least <= ours.least <= most <= theirs.most
            or taken.limits.keys() - {"minItems", "maxItems"}
            or (most > len(ours.fixed) and ours.rest is None)  # of whatever it may be
            or (ignored and (self.strict or "prefixItems" not in taken.schema))
        ):
            self._differ(path, sent.name, taken.name)
            return
        count = max(len(ours.fixed), len(theirs.fixed))
        places = [(f"[{place}]", ours.at(place), theirs.at(place)) for place in range(count)]
        if most > count:
            places.append(("[]", ours.rest, theirs.rest))
        for place, one, other in places:
            if one is not None and other is not None:  # else never sent, or ignored
                self.compare(f"{path}{place}", one, other)

    def _differ(self, path: str, sent: str | None, taken: str | None) -> None:
        self.found.append(Mismatch(path=path, sent=sent, taken=taken))


class _Places(msgspec.Struct, frozen=True, kw_only=True):
    """What stands where in an array, and how many there may be."""

    fixed: tuple[Shape, ...]
    rest: Shape | None
    least: float
    most: float

    @classmethod
    def of(cls, shape: Shape) -> _Places:
        schema = shape.schema
        fixed = tuple(shape.within(each) for each in schema.get("prefixItems", ()))
        rest = shape.within(schema["items"]) if isinstance(schema.get("items"), dict) else None
        return cls(
            fixed=fixed,
            rest=rest,
            least=schema.get("minItems", 0),
            most=schema.get("maxItems", math.inf),
        )

    def at(self, place: int) -> Shape | None:
        return self.fixed[place] if place < len(self.fixed) else self.rest


def _counterpart(sent: Shape, options: Sequence[Shape]) -> Shape | None:
    """The one among the receiver's alternatives that reads what is sent, if there is any."""
    same = [each for each in options if each.kind == sent.kind != ""]
    if sent.kind in ("object", "array"):
        if len(same) > 1:  # told apart by their tags
            ours = _tags(sent).items()
            same = [each for each in same if _tags(each) and _tags(each).items() <= ours]
    else:  # beside a plain type, msgspec does not look at a literal of its kind
        same = [each for each in same if "enum" not in each.schema] or same
    return same[0] if same else None


def _tags(shape: Shape) -> dict[Any, Any]:
    """What always has the same value in a struct, by its name or place."""
    schema = shape.schema
    places = schema.get("properties") or dict(enumerate(schema.get("prefixItems", ())))
    return {
        place: each["enum"][0] for place, each in places.items() if len(each.get("enum", ())) == 1
    }


def _scalar_fits(sent: Shape, taken: Shape) -> bool:
    if sent.schema.get("contentEncoding") != taken.schema.get("contentEncoding"):
        return False  # bytes would be read as the text that carries them
    if "enum" in taken.schema:
        known = taken.schema["enum"]
        values = sent.schema.get("enum")
        return values is not None and not taken.limits and all(each in known for each in values)
    return all(
        _narrower(name, sent.limits.get(name), limit) for name, limit in taken.limits.items()
    )


def _narrower(name: str, sent: Any, taken: Any) -> bool:
    """Whether the sender's limit of that name keeps within the receiver's."""
    if sent is None:
        return False
    if name in _AT_LEAST:
        return bool(sent >= taken)
    if name in _AT_MOST:
        return bool(sent <= taken)
    return sent == taken or (name == "format" and (sent, taken) in _WITHIN)
