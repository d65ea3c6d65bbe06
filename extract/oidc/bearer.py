"""Whom an access token proves that an API client sends."""

from __future__ import annotations

import structlog

from extract.identity import NOBODY, Identity, identity_of
from extract.oidc.accounts import account_of, take_roles
from extract.oidc.claims import InvalidClaims
from extract.oidc.introspection import verdicts
from extract.oidc.tokens import verify_access_token

logger = structlog.get_logger(__name__)


def verify_bearer(token: str) -> Identity:
    """Nobody for one that does not count. What is not signed by the server never reaches it.
    Raises ``ServerAway``."""
    try:
        verify_access_token(token)
    except InvalidClaims as error:
        logger.warning("oidc.bearer_refused", error=str(error))
        return NOBODY
    claims = verdicts.of(token)
    if claims is None:
        return NOBODY
    account = account_of(claims)
    take_roles(account, claims)
    return identity_of(account.user) if account.user.is_active else NOBODY
