"""What each app's database needs around its migrations: a schema of its own, an ownership row."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections

from extract.data.models import Ownership


def create_schema(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Make the PostgreSQL schema that the alias's ``search_path`` names, if it is missing."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    schema = connection.settings_dict["OPTIONS"].get("options", "").partition("search_path=")[2]
    if not schema:
        return
    with connection.cursor() as cursor:
        # Who may not make schemas may not even say "if not exists".
        cursor.execute("SELECT to_regnamespace(%s)", [schema])
        if cursor.fetchone() == (None,):
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {connection.ops.quote_name(schema)}")


def create_ownership(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Let a new database own its app's rows; an existing row is left as it is."""
    if using == DEFAULT_DB_ALIAS or Ownership._meta.db_table not in (
        connections[using].introspection.table_names()
    ):
        return
    if not Ownership.objects.using(using).filter(app=using).exists():
        row = Ownership(app=using)
        row.database = row.here
        row.save(using=using, force_insert=True)
