"""The databases of a stack, read past all of its code, by its own ``psql``."""

from __future__ import annotations

import json
from typing import Any

from psycopg import sql

from tests.docker.stack import Stack
from tests.load.books import Books


class ContainerBooks(Books):
    """``skus`` are on sale, and never sold out."""

    skus: list[str]

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def rows(self, app: str, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        told = query
        for parameter in parameters:
            told = told.replace("%s", sql.Literal(parameter).as_string(), 1)
        found = self._psql(app, f"SELECT coalesce(json_agg(found), '[]') FROM ({told}) found")
        return [tuple(row.values()) for row in json.loads(found)]

    def execute(self, app: str, statement: str) -> None:
        self._psql(app, statement)

    def audit(self) -> list[Any]:
        said = self._stack.manage("extract", "audit", "--json", fine=(0, 1))
        return list(json.loads(said.splitlines()[-1])["broken"])

    def _psql(self, app: str, statement: str) -> str:
        return self._stack.compose(
            "exec", "-T", "-e", f"PGOPTIONS=-c search_path={app}", "postgres",
            "psql", "-U", "postgres", "-d", "shop", "-qtAc", statement,
        )  # fmt: skip
