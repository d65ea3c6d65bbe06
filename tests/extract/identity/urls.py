"""The edge's small views, identity's answer, and what a view sees of its caller."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.shortcuts import render
from django.urls import path

from extract.call import current_context
from extract.identity.answer import mint
from tests.edge.urls import handler400, handler403, handler404, handler500
from tests.edge.urls import urlpatterns as edge

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def seen(request: HttpRequest) -> JsonResponse:
    context = current_context()
    return JsonResponse(
        {
            "subject": request.identity.subject,
            "source": request.identity_source.value,
            "context": [context.subject, list(context.roles), context.token],
            "header": request.headers.get("X-Identity"),
        }
    )


urlpatterns = [
    *edge,
    path("seen/", seen),
    path("page/", lambda request: render(request, "404.html")),
    path("internal/identity/", mint),
]
