"""Watches every statement of the run: SQL on one app's alias must not name another's tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from extract.data import alias_of

LAYER = "extract"


class CrossAppSqlError(AssertionError):
    """A statement on one alias names a table that belongs to another."""


@cache
def _foreign_tables(alias: str) -> re.Pattern[str]:
    models = apps.get_models(include_auto_created=True)
    tables = {
        model._meta.db_table
        for model in models
        if not model._meta.proxy
        and model._meta.app_label != LAYER
        and alias_of(model._meta.app_label) != alias
    }
    return re.compile(rf"\b({'|'.join(sorted(tables))})\b")


def _guard(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    connection: BaseDatabaseWrapper = context["connection"]
    if found := _foreign_tables(connection.alias).search(str(sql)):
        raise CrossAppSqlError(f"On the alias {connection.alias!r}, SQL names {found[0]}: {sql}")
    return execute(sql, params, many, context)


def _watch(sender: Any, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if _guard not in connection.execute_wrappers:
        connection.execute_wrappers.append(_guard)


@contextmanager
def watched() -> Iterator[None]:
    """For the block, watch every connection of every thread that is opened in it."""
    connections.close_all()
    connection_created.connect(_watch)
    try:
        yield
    finally:
        connection_created.disconnect(_watch)
        for connection in connections.all(initialized_only=True):
            if _guard in connection.execute_wrappers:
                connection.execute_wrappers.remove(_guard)
