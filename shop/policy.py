"""The Content-Security-Policy of every page, unless its view has set one of its own."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

Answer = Callable[[HttpRequest], HttpResponseBase]

# Signing out is a form, which ends where the authorization server is.
_ISSUER = urlsplit(settings.OIDC_ISSUER)
_FORMS = f"'self' {_ISSUER.scheme}://{_ISSUER.netloc}" if settings.OIDC_ISSUER else "'self'"

_OWN = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    f"form-action {_FORMS}; frame-ancestors 'none'"
)
PAGES = _OWN
DOCS = f"{_OWN}; style-src 'self' 'unsafe-inline'"
# Unfold's pages run Alpine, which evaluates expressions in attributes.
ADMIN = f"{DOCS}; script-src 'self' 'unsafe-inline' 'unsafe-eval'"

_BY_PREFIX = (("/admin/", ADMIN), ("/api/docs/", DOCS))


class PolicyMiddleware:
    """Scripts, styles and pictures come from this site, and nothing comes from inline text."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", _policy(request.path_info))
        return response


def _policy(path: str) -> str:
    return next((policy for prefix, policy in _BY_PREFIX if path.startswith(prefix)), PAGES)
