"""Errors as problem details (RFC 9457), each kind with a type that stays the same."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException

API_PREFIX = "/api/"
CONTENT_TYPE = "application/problem+json"


class Problem(APIException):
    """An error answer. Raise it in a view, or declare a kind of it and raise that::

        class OutOfStock(Problem):
            '''Some products are not in stock in the quantity wanted.'''
            status, type, title = 409, "out-of-stock", "Out of stock"

        raise OutOfStock(shortages=[...])
        raise Problem(status=409, type="cart-ordered", detail="This cart was ordered.")

    ``type`` is a short kebab-case slug, sent as ``/problems/<type>``. Without ``detail`` the
    first line of a declared kind's docstring speaks. ``extra`` are members of the answer.
    """

    status: int = 500
    type: str = ""
    title: str = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not (cls.__doc__ and cls.type):
            raise TypeError(f"{cls.__name__} needs a docstring, a status and a type.")
        cls.title = cls.title or HTTPStatus(cls.status).phrase

    def __init__(
        self,
        *,
        detail: str = "",
        status: int = 0,
        type: str = "",
        title: str = "",
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.status = status or self.status
        self.type = type or self.type or slug_of(self.status)
        self.title = title or self.title or HTTPStatus(self.status).phrase
        if not detail and self.__class__ is not Problem:
            detail = self.meaning()
        super().__init__(detail or self.title)
        self.status_code = self.status
        self.text = detail
        self.headers = dict(headers or {})
        self.extra = extra

    @classmethod
    def meaning(cls) -> str:
        """What the kind means, in one line."""
        return (cls.__doc__ or "").strip().splitlines()[0]

    @property
    def body(self) -> dict[str, Any]:
        """The members of the answer."""
        members = {"type": f"/problems/{self.type}", "title": self.title, "status": self.status}
        if self.text:
            members["detail"] = self.text
        return members | self.extra


def slug_of(status: int) -> str:
    """The type of a problem that is no more than its HTTP status: 404 is ``not-found``."""
    return HTTPStatus(status).phrase.lower().replace(" ", "-").replace("'", "")


def declared_problems() -> list[type[Problem]]:
    """Every declared kind, sorted by type: what the documentation lists."""
    found: dict[str, type[Problem]] = {}
    waiting = Problem.__subclasses__()
    while waiting:
        kind = waiting.pop()
        found.setdefault(kind.type, kind)
        waiting.extend(kind.__subclasses__())
    return [found[name] for name in sorted(found)]


def problem_response(problem: Problem) -> HttpResponse:
    """The problem as a response, for code outside of DRF's views."""
    response = HttpResponse(
        msgspec.json.encode(problem.body), status=problem.status, content_type=CONTENT_TYPE
    )
    for name, value in problem.headers.items():
        response[name] = value
    return response


def wants_problem(request: HttpRequest) -> bool:
    """Whether errors of this request are problem details rather than pages."""
    return request.path_info.startswith(API_PREFIX)
