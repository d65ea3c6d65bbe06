"""mozilla-django-oidc's settings, told by the few that there are here and by discovery."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from mozilla_django_oidc.utils import import_from_settings

from extract.oidc.server import server


def setting(name: str, *default: Any) -> Any:
    """Raises ``ServerAway`` where only the server can say it."""
    match name:
        case "OIDC_RP_CLIENT_ID":
            return settings.OIDC_CLIENT_ID
        case "OIDC_RP_CLIENT_SECRET":
            return settings.OIDC_CLIENT_SECRET
        case "OIDC_OP_AUTHORIZATION_ENDPOINT":
            return server().endpoints().authorization_endpoint
        case "OIDC_RP_SCOPES":
            return "openid email profile"
        case "OIDC_AUTHENTICATION_CALLBACK_URL":
            return settings.OIDC_CALLBACK
        case "OIDC_USE_PKCE" | "OIDC_USE_NONCE":
            return True
        case "OIDC_PKCE_CODE_CHALLENGE_METHOD":
            return "S256"
        case "OIDC_MAX_STATES":
            return 20
    return import_from_settings(name, *default)
