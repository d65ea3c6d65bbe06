"""What is answered to a request that no view gets to see: problems below /api/, pages elsewhere."""

from __future__ import annotations

import html
import re
from http import HTTPStatus

import msgspec
from gunicorn.http import errors

from extract.trace import new_context

_TARGET = re.compile(rb"[A-Z]+ +(?:https?://[^/ ?#]*)?([^ \r\n]*)")
_ID = re.compile(rb"\r\nx-request-id:[ \t]*([^\r\n]*)", re.I)
_ACCEPTS_JSON = re.compile(rb"\r\naccept:[^\r\n]*json", re.I)

_STATUSES: dict[type[Exception], HTTPStatus] = {
    errors.ConfigurationProblem: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidResponseHeader: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidResponseHeaderName: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    errors.ForbiddenProxyRequest: HTTPStatus.FORBIDDEN,
    errors.ParseException: HTTPStatus.BAD_REQUEST,
}

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><h1>{title}</h1><p>{detail}</p></html>
"""


def status_of(error: Exception) -> HTTPStatus:
    """What the failure of gunicorn's parser, or of anything behind it, is answered with."""
    kinds = type(error).__mro__
    found = (status for kind in kinds if (status := _STATUSES.get(kind)))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def refusal(status: HTTPStatus, head: bytes) -> tuple[str, bytes]:
    """The correlation id, and the whole answer to the request that begins with ``head``, after
    which its connection is closed."""
    # Django's settings are needed, and this is imported before they are there.
    from extract.edge.problem import CONTENT_TYPE

    title, members = _told(status)
    if _wants_problem(head):
        kind, body = CONTENT_TYPE, msgspec.json.encode(members)
    else:
        kind = "text/html; charset=utf-8"
        detail = html.escape(str(members["detail"]))
        body = _PAGE.format(title=html.escape(title), detail=detail).encode()
    correlation_id = _correlation_id(head)
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        f"X-Request-ID: {correlation_id}",
        "X-Content-Type-Options: nosniff",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
        "Cache-Control: no-store",
        *(["Retry-After: 1"] if status is HTTPStatus.SERVICE_UNAVAILABLE else []),
        "Connection: close",
    )
    answer = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return correlation_id, answer if head.startswith(b"HEAD ") else answer + body


def _told(status: HTTPStatus) -> tuple[str, dict[str, object]]:
    from extract.edge import kinds
    from extract.edge.problem import Problem

    refusals: tuple[type[Problem], ...] = (
        kinds.BadRequest,
        kinds.Forbidden,
        kinds.RequestTimeout,
        kinds.TooLarge,
        kinds.UrlTooLong,
        kinds.ExpectationFailed,
        kinds.HeadersTooLarge,
        kinds.NotImplementedHere,
        kinds.Unavailable,
    )
    found = (kind for kind in refusals if kind.status == status)
    problem = next(found, kinds.InternalError)()
    return problem.title, problem.body


def _wants_problem(head: bytes) -> bool:
    """What cannot be told by the path, the ``Accept`` header tells."""
    from extract.edge.problem import API_PREFIX

    target = _TARGET.match(head)
    if target and target[1].startswith(b"/"):
        return target[1].startswith(API_PREFIX.encode())
    return _ACCEPTS_JSON.search(head) is not None


def _correlation_id(head: bytes) -> str:
    sent = _ID.search(head)
    text = sent[1].strip().decode("latin-1") if sent else ""
    return new_context(correlation_id=text).correlation_id
