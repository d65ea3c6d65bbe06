"""The user here of an account at the authorization server."""

from __future__ import annotations

from typing import Any

import structlog
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from extract.oidc.claims import Claims
from extract.oidc.models import Account

logger = structlog.get_logger(__name__)


def account_of(claims: Claims) -> Account:
    """By issuer and ``sub`` alone; made, with a new user, when it comes for the first time. The
    user has the roles that the server says."""
    account = _found(claims) or _made(claims)
    take_roles(account, claims)
    return account


def _made(claims: Claims) -> Account:
    users: Any = get_user_model().objects
    try:
        with transaction.atomic():
            user = users.make_for(claims)
            account = Account.objects.create(issuer=claims.iss, sub=claims.sub, user=user)
    except IntegrityError:  # two first requests at once
        found = _found(claims)
        if found is None:
            raise
        return found
    logger.info("oidc.account_made", subject=str(user.subject))
    return account


def take_roles(account: Account, claims: Claims) -> None:
    """Let the user have the roles that the server says, no other; writes only if they changed."""
    said = "\n".join(sorted(claims.roles))
    if said == account.roles:
        return
    with transaction.atomic():
        account.roles = said
        account.save(update_fields=["roles"])
        user: Any = account.user
        user.take_roles(claims.roles)
    logger.info("oidc.roles_changed", subject=str(user.subject), roles=sorted(claims.roles))


def _found(claims: Claims) -> Account | None:
    accounts = Account.objects.select_related("user")
    return accounts.filter(issuer=claims.iss, sub=claims.sub).first()
