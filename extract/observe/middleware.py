"""The outermost middleware: gives the request its call context and the answer its id."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from extract.observe.instance import served_by
from extract.trace import new_context, using_context

Answer = Callable[[HttpRequest], HttpResponseBase]

REQUEST_SECONDS = 30.0
"""The deadline of a request that names none; longer than a keyed repeat waits for the first."""


class ObserveMiddleware:
    """Keeps a sane ``X-Request-ID`` or makes one, and answers it, whatever becomes of the request.

    Everything inside runs in a call context with that id, the trace of ``traceparent`` and a
    deadline. ``X-Served-By`` names the process where ``DEBUG`` or ``EXTRACT_SHOW_INSTANCE``.
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
        request.call_context = context  # type: ignore[attr-defined]
        with using_context(context):
            response = self.get_response(request)
        response["X-Request-ID"] = context.correlation_id
        if self.show_instance:
            response["X-Served-By"] = served_by()
        return response
