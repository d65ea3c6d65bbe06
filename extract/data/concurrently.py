"""Indexes that are made and dropped without keeping writers out: for migrations.

Django's own know PostgreSQL alone. On SQLite these are made as any other, since it has one writer
anyway. The migration needs ``atomic = False``.
"""

from __future__ import annotations

from django.contrib.postgres import operations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddIndex, RemoveIndex
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class _Concurrently(Operation):
    """Comes before Django's own operation; ``otherwise`` is what that extends."""

    otherwise: type[Operation]

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            self.otherwise.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            self.otherwise.database_backwards(self, app_label, schema_editor, from_state, to_state)


class AddIndexConcurrently(_Concurrently, operations.AddIndexConcurrently):
    """``AddIndexConcurrently(model_name, index)``."""

    otherwise = AddIndex


class RemoveIndexConcurrently(_Concurrently, operations.RemoveIndexConcurrently):
    """``RemoveIndexConcurrently(model_name, name)``."""

    otherwise = RemoveIndex
