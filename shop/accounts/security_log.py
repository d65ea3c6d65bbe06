"""What Django tells of sign-ins, as security events."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from extract.identity.security_log import FAILURE, security_event


def connect() -> None:
    user_logged_in.connect(_logged_in, dispatch_uid="security_log.logged_in")
    user_logged_out.connect(_logged_out, dispatch_uid="security_log.logged_out")
    user_login_failed.connect(_failed, dispatch_uid="security_log.failed")


def _logged_in(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    security_event("login", subject=str(user.subject), request=request)


def _logged_out(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if user is not None and user.is_authenticated:
        security_event("logout", subject=str(user.subject), request=request)


def _failed(request: HttpRequest | None = None, **kwargs: Any) -> None:
    """The name that was typed stays out: people type passwords there."""
    security_event("login", FAILURE, reason="wrong credential", request=request)
