"""The SQL that PostgreSQL would be given for an operation of a migration, without a server to ask.

What is safe while two releases serve is decided on PostgreSQL; SQLite's SQL tells little of it,
since there a table is written anew for almost every change.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.utils import ConnectionHandler

PG_VERSION = 150000
"""As a server of this version (15.0) would be given it."""


class NeedsServer(Exception):
    """Its SQL depends on what a server answers."""


class _Editor(DatabaseSchemaEditor):
    def execute(self, sql: Any, params: Any = ()) -> None:
        # PostgreSQL's own merges parameters with the help of a connection.
        BaseDatabaseSchemaEditor.execute(self, sql, params)

    def _constraint_names(
        self, model: type[models.Model], column_names: Any = None, *args: Any, **kinds: Any
    ) -> list[str]:
        """Names are asked of the database. Whatever it is called, there is one."""
        return ["_".join([model._meta.db_table, *(column_names or ()), "constraint"])]


class Offline(DatabaseWrapper):
    """A connection that is never made."""

    SchemaEditorClass = _Editor
    pg_version = PG_VERSION

    def __init__(self, alias: str) -> None:
        engine = {"ENGINE": "django.db.backends.postgresql", "NAME": "offline"}
        handler = ConnectionHandler({"default": engine, alias: engine})
        super().__init__(handler.settings[alias], alias)

    def connect(self) -> None:
        raise NeedsServer


def sql_of(
    operation: Operation, alias: str, app: str, before: ProjectState, *, atomic: bool
) -> tuple[list[str], ProjectState]:
    """The statements of one operation of a migration of ``app``, and the state after it.

    ``atomic`` says whether the migration is run in a transaction. Raises ``NeedsServer``, and what
    the operation itself raises for such a migration.
    """
    connection = Offline(alias)
    connection.in_atomic_block = atomic
    editor = _Editor(connection, collect_sql=True, atomic=False)
    after = before.clone()
    operation.state_forwards(app, after)
    with editor:
        if operation.reduces_to_sql:
            operation.database_forwards(app, editor, before, after)
    return list(editor.collected_sql), after
