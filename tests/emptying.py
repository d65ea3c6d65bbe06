"""Empties the databases between tests, except what migrations put there."""

from __future__ import annotations

from collections.abc import Collection

from django.apps import apps
from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from extract.data import unguarded

KEPT = frozenset(
    {
        "extract_ownership", "payment_vatrate", "pages_standingpage",
        "django_content_type", "auth_permission", "auth_group", "auth_group_permissions",
    }
)  # fmt: skip
"""Tables whose rows come with the migrations."""


def empty_databases(*aliases: str, kept: Collection[str] = KEPT) -> None:
    """Delete every row that a test may have made, but for tables ``kept``, of ``aliases`` or all.

    Fast where there are none.
    """
    for alias in aliases or tuple(connections):
        with unguarded(), transaction.atomic(using=alias):
            _empty(connections[alias], kept)


def _empty(connection: BaseDatabaseWrapper, kept: Collection[str]) -> None:
    tables = _tables(connection.alias, kept)
    quoted = {table: connection.ops.quote_name(table) for table in tables}
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA defer_foreign_keys=ON")
        looks = (
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {quoted[table]})" for table in tables
        )
        cursor.execute(" UNION ALL ".join(looks))
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {quoted[table]}")


def _tables(alias: str, kept: Collection[str]) -> list[str]:
    return [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if _is_in(alias, model) and model._meta.db_table not in kept
    ]


def _is_in(alias: str, model: type[Model]) -> bool:
    options = model._meta
    return options.managed and not options.proxy and router.allow_migrate_model(alias, model)
