"""Who may do what in the back office."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

RESERVED = frozenset({"accounts", "auth", "admin", "sessions", "contenttypes"})
"""Left to superusers, and to whom they grant it: who may sign in, and what is known of them."""


class OperatorBackend(ModelBackend):
    """Staff run the shop: they may do everything to the apps' rows without single grants."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        label = perm.partition(".")[0]
        if _operates(user_obj, label) and obj is None:
            return True
        return super().has_perm(user_obj, perm, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return _operates(user_obj, app_label) or super().has_module_perms(user_obj, app_label)


def _operates(user: Any, label: str) -> bool:
    return bool(user.is_active and user.is_staff and label not in RESERVED)
