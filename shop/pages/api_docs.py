"""The API's own description as a page to read; what can be tried out needs scripts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from extract.edge.problem import declared_problems

METHODS = ("get", "put", "post", "patch", "delete")


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """``name`` as it is written in JSON, below others as ``address.city``, of a list as
    ``lines[].sku``; ``rules`` in words."""

    name: str
    kind: str
    is_required: bool
    rules: str = ""
    place: str = ""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    method: str
    path: str
    summary: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answers: tuple[tuple[str, str], ...]
    answer: tuple[Field, ...]


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    context = {
        "operations": _operations(),
        "problems": _problems(),
        "basic_auth": settings.EXTRACT_BASIC_AUTH,
    }
    return render(request, "pages/api_docs.html", context)


@cache
def _problems() -> tuple[dict[str, Any], ...]:
    return tuple(
        {"type": kind.type, "status": kind.status, "meaning": kind.meaning()}
        for kind in declared_problems()
    )


@cache
def _operations() -> tuple[Operation, ...]:
    """Every operation, in the schema's order. The code says it all, so it is read once."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    shapes = _Shapes(schema["components"]["schemas"])
    return tuple(
        _operation(shapes, method, path, said[method])
        for path, said in schema["paths"].items()
        for method in METHODS
        if method in said
    )


def _operation(shapes: _Shapes, method: str, path: str, said: dict[str, Any]) -> Operation:
    good = next((code for code in said["responses"] if code.startswith("2")), "")
    return Operation(
        id=said["operationId"],
        method=method.upper(),
        path=path,
        summary=said.get("summary") or _first_paragraph(said.get("description", "")),
        parameters=tuple(
            Field(
                name=each["name"],
                kind=shapes.kind(each["schema"]),
                is_required=each.get("required", False),
                rules=each.get("description", "") or shapes.rules(each["schema"]),
                place=each["in"],
            )
            for each in said.get("parameters", ())
        ),
        body=tuple(shapes.fields_of(said.get("requestBody", {}))),
        answers=tuple(
            (code, answer.get("description", ""))
            for code, answer in said["responses"].items()
            if code != "default"
        ),
        answer=tuple(shapes.fields_of(said["responses"].get(good, {}))),
    )


def _first_paragraph(text: str) -> str:
    return text.partition("\n\n")[0].replace("``", "")


class _Shapes:
    """The schema's components, by which it describes what is sent and answered."""

    def __init__(self, components: dict[str, Any]) -> None:
        self._components = components

    def fields_of(self, content: dict[str, Any]) -> Iterator[Field]:
        """The fields of a body in JSON; none if it is something else."""
        described = content.get("content", {}).get("application/json", {})
        yield from self._fields(self._resolved(described.get("schema", {})), "")

    def kind(self, shape: dict[str, Any]) -> str:
        shape = self._resolved(shape)
        if shape.get("enum"):
            return " or ".join(f"“{each}”" for each in shape["enum"] if each)
        if shape.get("type") == "array":
            return f"list of {self.kind(shape['items'])}"
        return str(shape.get("format") or shape.get("type") or "any")

    def rules(self, shape: dict[str, Any]) -> str:
        shape = self._resolved(shape)
        said = [str(shape["description"])] if shape.get("description") else []
        for name, word in (
            ("minimum", "from"), ("maximum", "to"), ("maxLength", "at most this long:"),
        ):  # fmt: skip
            if name in shape:
                said.append(f"{word} {shape[name]}")
        return ", ".join(said)

    def _fields(self, shape: dict[str, Any], above: str) -> Iterator[Field]:
        required = shape.get("required", ())
        for name, each in shape.get("properties", {}).items():
            inner = self._resolved(each)
            items = self._resolved(inner.get("items", {}))
            if inner.get("properties"):
                yield from self._fields(inner, f"{above}{name}.")
            elif items.get("properties"):
                yield from self._fields(items, f"{above}{name}[].")
            else:
                yield Field(
                    name=f"{above}{name}",
                    kind=self.kind(each),
                    is_required=name in required,
                    rules=self.rules(each),
                )

    def _resolved(self, shape: dict[str, Any]) -> dict[str, Any]:
        """What a reference is to; of several, the first that says something."""
        for combined in ("allOf", "oneOf", "anyOf"):
            if shape.get(combined):
                return {**self._resolved(shape[combined][0]), **_without(shape, combined)}
        if name := shape.get("$ref", "").rpartition("/")[2]:
            return self._resolved(self._components[name])
        return shape


def _without(shape: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in shape.items() if key != name}
