"""Whether instances of the release before can go on while a migration is run, and after it.

Each operation is judged by its SQL, with the rules of django-migration-linter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db import NotSupportedError, connections, router
from django.db.migrations import Migration, RunPython
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser.base import Check, CheckMode, CheckType
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

from tests.migrations.offline import NeedsServer, sql_of

STEPS, STRICTER, INDEXES, DATA = "In steps", "Stricter rules", "Indexes", "Data"
"""Sections of docs/how-to/release.md."""

SECTIONS = {
    "ADD_CONSTRAINT": STRICTER,
    "ADD_UNIQUE": STRICTER,
    "NOT_NULL": STRICTER,
    "CREATE_INDEX": INDEXES,
    "CREATE_INDEX_EXCLUSIVE": INDEXES,
    "DROP_INDEX": INDEXES,
    "REINDEX": INDEXES,
    "DATA_WITH_SCHEMA": DATA,
    "RUNPYTHON_MODEL_IMPORT": DATA,
}
"""Where the rule is explained; all others: ``STEPS``."""


class _Rules(PostgresqlAnalyser):
    """The linter's rules, and one that it lacks."""

    migration_checks = [
        *PostgresqlAnalyser.migration_checks,
        Check(
            code="ADD_CONSTRAINT",
            fn=lambda sql, **_: re.match(r"ALTER TABLE .* ADD CONSTRAINT .* (CHECK|EXCLUDE) ", sql),
            message="ADDING a constraint that rows of the release before may break",
            mode=CheckMode.ONE_LINER,
            type=CheckType.ERROR,
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something unsafe: what does it, the rule's ``code``, and what the rule says of it."""

    operation: str
    code: str
    says: str

    @property
    def section(self) -> str:
        """Of the how-to."""
        return SECTIONS.get(self.code, STEPS)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """On one migration. ``unused`` are the codes that it allows and has no use for."""

    migration: Migration
    unsafe: tuple[Finding, ...]
    allowed: tuple[Finding, ...]
    unused: tuple[str, ...]

    @property
    def is_safe(self) -> bool:
        return not (self.unsafe or self.unused)


def verdicts(loader: MigrationLoader, migrations: Iterable[Migration]) -> Iterator[Verdict]:
    """A verdict on each of them.

    A migration allows what its attribute ``allowed`` names: ``{code: reason}``.
    """
    for migration in migrations:
        found = tuple(_findings(loader, migration))
        reasons: Mapping[str, str] = getattr(migration, "allowed", {})
        given = {code for code, reason in reasons.items() if reason.strip()}
        yield Verdict(
            migration=migration,
            unsafe=tuple(each for each in found if each.code not in given),
            allowed=tuple(each for each in found if each.code in given),
            unused=tuple(sorted(set(reasons) - {each.code for each in found})),
        )


def _findings(loader: MigrationLoader, migration: Migration) -> Iterator[Finding]:
    app = migration.app_label
    alias = next((each for each in connections if router.allow_migrate(each, app)), None)
    if alias is None:
        return
    state = loader.project_state((app, migration.name), at_end=False)
    new_tables: set[str] = set()
    changes_old = False
    for operation in migration.operations:
        try:
            statements, state = sql_of(operation, alias, app, state, atomic=migration.atomic)
        except (NeedsServer, NotSupportedError) as error:
            says = str(error) or "what it does cannot be told without a server"
            yield Finding(operation=operation.describe(), code="UNKNOWN", says=says)
            return
        new_tables |= {made[1] for sql in statements if (made := _CREATES.match(sql))}
        # Nobody has seen new tables yet.
        on_old = [sql for sql in statements if _subject(sql) not in new_tables]
        changes_old = changes_old or bool(on_old)
        for code, says in _broken(on_old, atomic=migration.atomic):
            yield Finding(operation=operation.describe(), code=code, says=says)
    for operation in migration.operations:
        if isinstance(operation, RunPython):
            yield from _findings_in_code(operation, is_alone=not changes_old)


def _broken(statements: list[str], *, atomic: bool) -> Iterator[tuple[str, str]]:
    """Code and words of each rule that the statements of one operation break."""
    rules = _Rules(None)
    rules.analyse(["BEGIN;", *statements] if atomic else statements)
    for issue in (*rules.errors, *rules.warnings):
        where = ".".join(name for name in (issue.table, issue.column) if name)
        yield issue.code, f"{issue.message} ({where})" if where else issue.message


_CREATES = re.compile(r'CREATE TABLE ("[^"]+")')
_CHANGES = re.compile(r'(?:CREATE TABLE|ALTER TABLE|CREATE (?:UNIQUE )?INDEX .*? ON) ("[^"]+")')


def _subject(sql: str) -> str:
    """The table that a statement changes, quoted; "" if it is not told."""
    found = _CHANGES.match(sql)
    return found[1] if found else ""


def _findings_in_code(operation: RunPython, *, is_alone: bool) -> Iterator[Finding]:
    name = f"RunPython({getattr(operation.code, '__name__', operation.code)})"
    for issue in MigrationLinter.get_runpython_model_import_issues(operation.code):
        yield Finding(operation=name, code=issue.code, says=issue.message)
    if not is_alone:
        says = "MOVING data while tables are locked for another change"
        yield Finding(operation=name, code="DATA_WITH_SCHEMA", says=says)
