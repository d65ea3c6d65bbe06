"""What DRF's views raise, turned into problems."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from extract.call import CallError
from extract.data import OwnedElsewhere
from extract.edge import kinds
from extract.edge.problem import CONTENT_TYPE, Problem

logger = structlog.get_logger(__name__)

_PLAIN: tuple[tuple[type[Exception], type[Problem]], ...] = (
    (exceptions.ParseError, kinds.MalformedBody),
    (exceptions.NotAuthenticated, kinds.NotAuthenticated),
    (exceptions.AuthenticationFailed, kinds.WrongCredential),
    (exceptions.PermissionDenied, kinds.Forbidden),
    (PermissionDenied, kinds.Forbidden),
    (exceptions.NotFound, kinds.NotFound),
    (Http404, kinds.NotFound),
    (exceptions.MethodNotAllowed, kinds.MethodNotAllowed),
    (exceptions.NotAcceptable, kinds.NotAcceptable),
    (exceptions.UnsupportedMediaType, kinds.UnsupportedMediaType),
)
_PASSING = (CallError, OwnedElsewhere, OperationalError)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's ``EXCEPTION_HANDLER``. None, and so a plain 500, for what nobody foresaw."""
    problem = problem_of(error)
    if problem is None:
        return None
    headers = {**_headers_of(error), **problem.headers}
    return Response(problem.body, status=problem.status, headers=headers, content_type=CONTENT_TYPE)


def problem_of(error: Exception) -> Problem | None:
    """The problem that an exception stands for, or None if it stands for no known one."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, exceptions.ValidationError):
        return kinds.Invalid(errors=list(_errors(error.detail)))
    if isinstance(error, exceptions.Throttled):
        return kinds.Throttled()
    if isinstance(error, _PASSING):
        logger.error("edge.unavailable", error=str(error), exc_info=error)
        return kinds.Unavailable(headers={"Retry-After": "1"})
    for raised, kind in _PLAIN:
        if isinstance(error, raised):
            return kind()
    if isinstance(error, exceptions.APIException):
        return Problem(status=error.status_code, detail=str(error.detail))
    return None


def _headers_of(error: Exception) -> dict[str, str]:
    headers = {}
    if scheme := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = scheme
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(math.ceil(wait))
    return headers


def _errors(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested details as a flat list of ``{"field", "detail", "code"}``."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            at = field if name == "non_field_errors" else f"{field}.{name}".lstrip(".")
            yield from _errors(inner, at)
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _errors(inner, f"{field}.{position}".lstrip(".") if nested else field)
    else:
        yield {"field": field, "detail": str(detail), "code": getattr(detail, "code", "invalid")}
