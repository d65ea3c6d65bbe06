"""Whom a password proves, and who may do what in the back office."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from extract.identity.tries import TooManyTries, give_back, reserve
from shop.accounts import brake, mails
from shop.accounts.models import account_key

RESERVED = frozenset({"accounts", "auth", "admin", "sessions", "contenttypes"})
"""Left to superusers, and to whom they grant it: who may sign in, and what is known of them."""


class Operators(ModelBackend):
    """Staff run the shop: they may do everything to the apps' rows without single grants, unless
    they are in groups. Then they may do what these allow."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        label = perm.partition(".")[0]
        if _operates(user_obj, label) and obj is None:
            return True
        return super().has_perm(user_obj, perm, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return _operates(user_obj, app_label) or super().has_module_perms(user_obj, app_label)


class OperatorBackend(Operators):
    """Whom a password proves that is kept here.

    Every door at which a password can be tried leads here: sign-in pages, HTTP Basic, the change
    of a password.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> Any:
        """Raises ``TooManyTries``, without looking at the password, where the brake is on."""
        if request is None or username is None or password is None:
            return super().authenticate(request, username, password, **credentials)
        limits = brake.on_password(request, username)
        try:
            reserve(limits)
        except TooManyTries as refused:
            if refused.limit == brake.account_wide(account_key(username)):
                mails.tell_of_guessing(username)
            raise
        user = super().authenticate(request, username, password, **credentials)
        if user is not None:
            give_back(limits)
        return user


class BreakGlassBackend(OperatorBackend):
    """The way in for a superuser while the authorization server is away."""

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user) and user.is_superuser)


def _operates(user: Any, label: str) -> bool:
    is_operator = user.is_active and user.is_staff and label not in RESERVED
    return bool(is_operator and not user.groups_limit)
