"""Turns away what no view should have to look at."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponseBase
from django.http.response import HttpResponsePermanentRedirect
from django.middleware import common
from django.utils.http import escape_leading_slashes

from extract.edge.errors import invalid_identity, too_large, unknown_login, unsupported_coding
from extract.edge.problem import wants_problem
from extract.identity import LoginUnknown, Source

Answer = Callable[[HttpRequest], HttpResponseBase]


class _SameMethodRedirect(HttpResponsePermanentRedirect):
    status_code = 308


class CommonMiddleware(common.CommonMiddleware):
    """Django's, but a missing slash below /api/ is a 308, which keeps method and body, and an
    answer that has no content by its status says nothing of a length."""

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        if wants_problem(request):
            return escape_leading_slashes(request.get_full_path(force_append_slash=True))
        return super().get_full_path_with_slash(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        answer = super().process_response(request, response)
        if isinstance(answer, HttpResponsePermanentRedirect) and answer is not response:
            return _SameMethodRedirect(answer.url) if wants_problem(request) else answer
        if answer.status_code in _WITHOUT_CONTENT:
            del answer["Content-Length"]
        return answer


_WITHOUT_CONTENT = (204, 304)


class EdgeMiddleware:
    """Signed identities that are none (401), logins that cannot be told now (503), bodies in a
    content coding (415) or beyond the limit (413), and NUL bytes, which PostgreSQL refuses as text
    (400, 404).

    ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bounds every body but a form's with files, which
    ``UPLOAD_MAX_SIZE`` bounds; both in bytes. A body sent in chunks is taken like any other.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.identity_source is Source.INVALID:  # type: ignore[attr-defined]
            _discard(request.read)
            return invalid_identity(request)
        if request.identity_source is Source.UNKNOWN:  # type: ignore[attr-defined]
            _discard(request.read)
            return unknown_login(request)
        if "HTTP_TRANSFER_ENCODING" in request.META:
            _take_chunks(request)
        if _length(request) > _limit(request):
            _discard(request.read)
            return too_large(request)
        if _length(request) and _is_coded(request):
            _discard(request.read)
            return unsupported_coding(request)
        if "\0" in request.path_info:
            raise Http404
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("The query holds a NUL byte.")
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """A view that looked at the login itself, and it could not be told."""
        return unknown_login(request) if isinstance(exception, LoginUnknown) else None


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


def _is_coded(request: HttpRequest) -> bool:
    coding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    return coding not in ("", "identity")


def _limit(request: HttpRequest) -> int:
    if request.content_type == "multipart/form-data" and not wants_problem(request):
        return int(settings.UPLOAD_MAX_SIZE)
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)
