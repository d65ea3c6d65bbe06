"""Whom an access token proves that an API client sends."""

from __future__ import annotations

from extract.identity import NOBODY, Identity, identity_of
from extract.identity.security_log import FAILURE, security_event
from extract.oidc.accounts import account_of
from extract.oidc.claims import InvalidClaims
from extract.oidc.introspection import verdicts
from extract.oidc.tokens import verify_access_token


def verify_bearer(token: str) -> Identity:
    """Nobody for one that does not count. What is not signed by the server never reaches it.
    Raises ``ServerAway``."""
    try:
        verify_access_token(token)
    except InvalidClaims as error:
        security_event("bearer", FAILURE, reason=str(error))
        return NOBODY
    claims = verdicts.of(token)
    if claims is None:
        return NOBODY
    user = account_of(claims).user
    return identity_of(user) if user.is_active else NOBODY
