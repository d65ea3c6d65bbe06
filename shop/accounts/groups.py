"""The groups that come with the shop: an operator's usual roles."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.db import DEFAULT_DB_ALIAS

USUAL = {
    "Orders and refunds": ("payment", "invoice", "receipt", "rights"),
    "Catalogue": ("product",),
    "Events and queues": ("operations", "extract_control"),
    "Pages": ("pages",),
}
"""The apps of which a group may do everything, by its name."""


def make_usual_groups(*, using: str, **kwargs: Any) -> None:
    """After a migration, unless there are groups already: those are the operator's."""
    from django.contrib.auth.models import Group, Permission

    if using != DEFAULT_DB_ALIAS or Group.objects.exists():
        return
    for labels in USUAL.values():
        for label in labels:
            create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    for name, labels in USUAL.items():
        group = Group.objects.create(name=name)
        group.permissions.set(Permission.objects.filter(content_type__app_label__in=labels))
