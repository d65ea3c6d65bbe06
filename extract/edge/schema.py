"""The API's description: what DRF's views do not say by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from extract.edge.problem import CONTENT_TYPE, Problem, declared_problems

_ERROR = {
    "type": "object",
    "properties": {
        "field": {"type": "string"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
    },
    "required": ["field", "detail", "code"],
}
_PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": _ERROR},
    },
    "required": ["type", "title", "status"],
}


ACCESS = OpenApiParameter(
    "access",
    OpenApiTypes.STR,
    description="The order's access token; the header X-Order-Access does as well.",
)


def problems(meanings: Mapping[int, str]) -> dict[Any, OpenApiResponse]:
    """``responses`` for the problems that an operation may end in: what each status means there."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        (status, CONTENT_TYPE): OpenApiResponse(schema, description=meaning)
        for status, meaning in meanings.items()
    }


class AutoSchema(SpectacularSchema):
    """drf-spectacular's; being DRF's schema class, it brings this module's extension along."""


class IdentityScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Session cookie, or HTTP Basic where it is allowed: one of the two."""

    target_class = "extract.edge.authentication.IdentityAuthentication"
    name = ("session", "basic")  # type: ignore[assignment]

    def get_security_requirement(self, auto_schema: SpectacularSchema) -> list[dict[str, Any]]:
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: SpectacularSchema) -> list[dict[str, Any]]:
        return [
            {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
            {"type": "http", "scheme": "basic"},
        ]


def describe_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Spectacular's hook: every operation may answer a problem; the types are listed."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in result.get("paths", {}).values():
        for operation in operations.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"].setdefault(
                    "default", {"description": "A problem.", "content": content}
                )
    info = result["info"]
    info["description"] = "\n".join([info.get("description", ""), "", *_table()])
    return result


def _table() -> list[str]:
    rows = [_row(kind) for kind in declared_problems()]
    return ["Errors are problem details of these types:", "", *_HEAD, *rows]


_HEAD = ["| type | status | meaning |", "| --- | --- | --- |"]


def _row(kind: type[Problem]) -> str:
    return f"| `/problems/{kind.type}` | {kind.status} | {kind.meaning()} |"
