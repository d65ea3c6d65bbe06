"""Accounts from before: whose they are at the authorization server, an operator says."""

from __future__ import annotations

from django.db import transaction

from extract.oidc.models import Account
from shop.accounts.models import User


class AnothersAlready(Exception):
    """The account there, or the one here, is linked to another one."""


@transaction.atomic
def link(user: User, issuer: str, sub: str) -> bool:
    """From now on the account ``sub`` there is this user's; whether it was not before.

    An address is never enough for this: who has it there need not be who had it here.
    """
    known = Account.objects.select_related("user").filter(issuer=issuer)
    taken = known.filter(sub=sub).first()
    if taken is not None and taken.user_id == user.pk:
        return False
    if taken is not None:
        raise AnothersAlready(f"The account {sub} is {taken.user.email}'s already.")
    if other := known.filter(user=user).first():
        raise AnothersAlready(f"{user.email} is linked to the account {other.sub} already.")
    Account.objects.create(issuer=issuer, sub=sub, user=user)
    return True
