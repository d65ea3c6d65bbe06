"""Turns away what no view should have to look at."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponseBase

from extract.edge.errors import invalid_identity, too_large
from extract.edge.problem import wants_problem
from extract.identity import Source

Answer = Callable[[HttpRequest], HttpResponseBase]


class EdgeMiddleware:
    """Signed identities that are none (401), bodies beyond the limit (413), and NUL bytes, which
    PostgreSQL refuses as text (400, 404).

    ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bounds every body but a form's with files, which
    ``UPLOAD_MAX_SIZE`` bounds; both in bytes. A body sent in chunks is taken like any other.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.identity_source is Source.INVALID:  # type: ignore[attr-defined]
            _discard(request.read)
            return invalid_identity(request)
        if "HTTP_TRANSFER_ENCODING" in request.META:
            _take_chunks(request)
        if _length(request) > _limit(request):
            _discard(request.read)
            return too_large(request)
        if "\0" in request.path_info:
            raise Http404
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("The query holds a NUL byte.")
        return self.get_response(request)


_DISCARDED = 32 * 1024 * 1024


def _discard(read: Callable[[int], bytes]) -> None:
    """Read on for a while: a client that is still sending would miss the answer."""
    left = _DISCARDED
    while left > 0 and (chunk := read(min(left, 65536))):
        left -= len(chunk)


def _take_chunks(request: HttpRequest) -> None:
    """Read a body whose length was not said. Django would take it for an empty one, and what
    asks for everything when nothing is named would be done.
    """
    source = request.META["wsgi.input"]
    if not request.META.get("wsgi.input_terminated"):
        raise BadRequest("This server cannot tell where a body ends that comes in chunks.")
    try:
        body = source.read(_limit(request) + 1)
        if len(body) > _limit(request):
            _discard(source.read)
    except Exception as error:  # every server has its own
        raise BadRequest("The chunks of the body are malformed.") from error
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._stream = BytesIO(body)


def _length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0


def _limit(request: HttpRequest) -> int:
    if request.content_type == "multipart/form-data" and not wants_problem(request):
        return int(settings.UPLOAD_MAX_SIZE)
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)
