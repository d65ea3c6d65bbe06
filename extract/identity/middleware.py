"""Puts ``request.identity`` on every request, and drops what pretends to be one."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from django.http import HttpRequest, HttpResponseBase

from extract.call import current_context, using_context
from extract.identity.basic import basic_header, verify_basic
from extract.identity.identity import Identity, identity_of
from extract.identity.source import Source

Answer = Callable[[HttpRequest], HttpResponseBase]


class IdentityMiddleware:
    """Reads Django's session login, or HTTP Basic where allowed; comes after both middlewares.

    Sets ``request.identity``, ``request.identity_source``, and subject and roles of the
    call context. A wrong Basic credential makes the caller nobody, whatever cookies came
    along; the API answers it with 401.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.META.pop("HTTP_X_IDENTITY", None)
        identity, source = _identify(request)
        request.identity = identity  # type: ignore[attr-defined]
        request.identity_source = source  # type: ignore[attr-defined]
        context = msgspec.structs.replace(
            current_context(), subject=identity.subject, roles=identity.roles
        )
        with using_context(context):
            return self.get_response(request)


def _identify(request: HttpRequest) -> tuple[Identity, Source]:
    if header := basic_header(request):
        return verify_basic(request, header)
    identity = identity_of(getattr(request, "user", None))
    return identity, Source.SESSION if identity.is_authenticated else Source.NONE
