"""The outermost middleware: gives the request its call context and the answer its id."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from extract.observe.instance import served_by
from extract.trace import Kind, Span, current_context, new_context, span, using_context
from extract.trace.span import Outcome

Answer = Callable[[HttpRequest], HttpResponseBase]

REQUEST_SECONDS = 30.0
"""The deadline of a request that names none; longer than a keyed repeat waits for the first."""
BROKEN = 500
"""From this status on, an answer tells of a fault here."""


class ObserveMiddleware:
    """Keeps a sane ``X-Request-ID`` or makes one, and answers it, whatever becomes of the request.

    Everything inside runs in a call context with that id, the trace of ``traceparent`` and a
    deadline, as a hop of that trace. ``X-Served-By`` names the process where ``DEBUG`` or
    ``EXTRACT_SHOW_INSTANCE``.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.show_instance = settings.DEBUG or getattr(settings, "EXTRACT_SHOW_INSTANCE", False)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        context = new_context(
            correlation_id=request.META.get("HTTP_X_REQUEST_ID", ""),
            traceparent=request.META.get("HTTP_TRACEPARENT", ""),
            seconds=REQUEST_SECONDS,
        )
        # Whoever reads the header further in, or logs the request later, finds the id in use.
        request.META["HTTP_X_REQUEST_ID"] = context.correlation_id
        with (
            using_context(context),
            span(request.method or "", Kind.SERVER, method=request.method or "") as hop,
        ):
            request.call_context = current_context()  # type: ignore[attr-defined]
            response = self.get_response(request)
            _tell(hop, request, response)
        response["X-Request-ID"] = context.correlation_id
        if self.show_instance:
            response["X-Served-By"] = served_by()
        return response


def _tell(hop: Span, request: HttpRequest, response: HttpResponseBase) -> None:
    hop.labels["status"] = str(response.status_code)
    hop.labels["path"] = request.path
    match = request.resolver_match
    if match is not None:
        hop.name = f"{request.method} {match.view_name or match.route}"
        hop.labels["app"] = match.namespaces[0] if match.namespaces else ""
        hop.labels["route"] = f"/{match.route}"
        if about := next((each for each in match.kwargs.values() if isinstance(each, UUID)), None):
            hop.labels["about"] = str(about)
    identity = getattr(request, "identity", None)
    hop.subject = identity.subject if identity is not None else ""
    if response.status_code >= BROKEN:
        hop.outcome, hop.is_fault = Outcome.FAILURE, True
