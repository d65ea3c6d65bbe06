"""Puts ``request.identity`` on every request, and drops what pretends to be one."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from extract.call import current_context, using_context
from extract.identity.claims import InvalidToken
from extract.identity.identity import NOBODY, Identity
from extract.identity.login import read_login
from extract.identity.source import Source
from extract.identity.unknown import LoginUnknown
from extract.identity.verification import verifier

logger = structlog.get_logger(__name__)

Answer = Callable[[HttpRequest], HttpResponseBase]

READS_LOGINS = ("", "identity")
"""Roles that learn who somebody is from the client itself: the monolith, and identity."""


class IdentityMiddleware:
    """Reads the login where this process is the monolith, else the token in ``X-Identity`` alone;
    comes after Django's session and authentication middlewares.

    Sets ``request.identity``, ``request.identity_source``, and subject, roles and token of the
    call context. An invalid token leaves nobody and ``Source.INVALID``, which the edge answers
    with 401; a login that cannot be read now ``Source.UNKNOWN``, answered with 503, unless the
    page is public: that is shown as to anybody. With
    tokens, neither session nor user of the request are looked at.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = request.META.pop("HTTP_X_IDENTITY", "")
        if settings.EXTRACT_ROLE in READS_LOGINS:
            token, (identity, source) = "", _read_login(request)
        else:
            identity, source = _verified(token)
        request.identity = identity  # type: ignore[attr-defined]
        request.identity_source = source  # type: ignore[attr-defined]
        context = msgspec.structs.replace(
            current_context(),
            subject=identity.subject,
            roles=identity.roles,
            token="" if source is Source.INVALID else token,
        )
        with using_context(context):
            return self.get_response(request)


def _read_login(request: HttpRequest) -> tuple[Identity, Source]:
    try:
        return read_login(request)
    except LoginUnknown as error:
        logger.warning("identity.login_unknown", error=str(error))
        return NOBODY, Source.NONE if _is_public(request) else Source.UNKNOWN


def _is_public(request: HttpRequest) -> bool:
    """What the gateway shows as well while it cannot tell who somebody is."""
    path = request.path_info
    public = tuple(prefix for r in settings.EXTRACT_ROUTES if r.public for prefix in r.prefixes)
    is_shown = path in settings.EXTRACT_PUBLIC_PAGES or path.startswith(public)
    return is_shown and request.method in ("GET", "HEAD")


def _verified(token: str) -> tuple[Identity, Source]:
    if not token:
        return NOBODY, Source.NONE
    try:
        return verifier().verify(token)
    except InvalidToken as error:
        logger.warning("identity.invalid_token", error=str(error))
        return NOBODY, Source.INVALID
