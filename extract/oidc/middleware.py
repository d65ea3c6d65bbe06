"""``request.user`` is whoever the session is, as long as the authorization server says so."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, middleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


class AuthenticationMiddleware(middleware.AuthenticationMiddleware):
    """Django's, and where there is an authorization server it is asked, by whoever first looks at
    the user: a request that does not care who it is from costs nothing.

    Looking may raise ``ServerAway``.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        if settings.OIDC_ISSUER:
            request.user = SimpleLazyObject(lambda: _user(request))  # type: ignore[assignment]


def _user(request: HttpRequest) -> Any:
    from extract.oidc.sessions import standing  # what it imports is of use with a server alone

    user = middleware.get_user(request)
    if not user.is_authenticated or _is_by_password(request):
        return user
    sign_in = standing(request.session)
    if sign_in is None or sign_in.account.user_id != user.pk:
        request.session.flush()
        return AnonymousUser()
    return sign_in.account.user


def _is_by_password(request: HttpRequest) -> bool:
    """Whether the session began at the door beside: Django has looked that there is still one."""
    return bool(request.session[BACKEND_SESSION_KEY] != settings.AUTHENTICATION_BACKENDS[0])
