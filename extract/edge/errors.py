"""Django's error handlers: problems below /api/, pages elsewhere, a stack trace nowhere.

For a root URLconf: ``from extract.edge.errors import handler400, handler403, ...``.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.views import csrf, defaults

from extract.edge import kinds
from extract.edge.authentication import challenge
from extract.edge.problem import problem_response, wants_problem


def handler400(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    if wants_problem(request):
        return problem_response(kinds.BadRequest())
    return defaults.bad_request(request, exception)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if wants_problem(request):
        return problem_response(kinds.Forbidden())
    return defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if wants_problem(request):
        return problem_response(kinds.NotFound())
    return defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponseBase:
    if wants_problem(request):
        return problem_response(kinds.InternalError())
    return defaults.server_error(request)


def csrf_failure(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
    """Django's ``CSRF_FAILURE_VIEW``."""
    if wants_problem(request):
        return problem_response(kinds.CsrfFailed())
    return csrf.csrf_failure(request, **kwargs)


def invalid_identity(request: HttpRequest) -> HttpResponseBase:
    """The answer to a signed identity that is none."""
    if wants_problem(request):
        return problem_response(kinds.InvalidIdentity(headers={"WWW-Authenticate": challenge()}))
    # Not Basic: browsers would ask for a password.
    headers = {"WWW-Authenticate": 'Session realm="pages"'}
    page = render_to_string("401.html", request=request)
    return HttpResponse(page, status=401, headers=headers)


def unknown_login(request: HttpRequest) -> HttpResponseBase:
    """The answer while it cannot be told whom a credential proves."""
    said = "It cannot be told at the moment who you are; try again shortly."
    if wants_problem(request):
        return problem_response(kinds.Unavailable(detail=said, headers={"Retry-After": "1"}))
    page = render_to_string("503.html", request=request)
    headers = {"Retry-After": "1", "Cache-Control": "no-store"}
    return HttpResponse(page, status=503, headers=headers)


def too_large(request: HttpRequest) -> HttpResponseBase:
    """The answer to a body beyond what is taken."""
    return problem_response(kinds.TooLarge())


def unsupported_coding(request: HttpRequest) -> HttpResponseBase:
    """The answer to a body that is packed in some way."""
    return problem_response(kinds.UnsupportedCoding(headers={"Accept-Encoding": "identity"}))
