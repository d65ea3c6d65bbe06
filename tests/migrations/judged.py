"""Which migrations are judged, and what is said of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.migrations import Migration
from django.db.migrations.exceptions import NodeNotFoundError
from django.db.migrations.loader import MigrationLoader

from tests.migrations.judging import Finding, Verdict, verdicts

HOW_TO = "docs/how-to/release.md"


class Refused(Exception):
    """Some migrations are not safe: a sentence for each fault, a line each."""


def judge() -> list[str]:
    """A line on each migration that came after those that stand. Raises ``Refused``."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    said, faults = [], []
    for verdict in verdicts(loader, _to_judge(loader)):
        if verdict.is_safe:
            said.append(f"{_name(verdict.migration)}: safe")
        faults += [_sentence(verdict.migration, found) for found in verdict.unsafe]
        faults += [_unused(verdict.migration, code) for code in verdict.unused]
        reasons = _reasons(verdict.migration)
        said += [f"  allows {found.code}: {reasons[found.code]}" for found in verdict.allowed]
    if faults:
        raise Refused("\n".join(faults))
    return said or ["No migration came after those that stand."]


def _to_judge(loader: MigrationLoader) -> list[Migration]:
    """The project's own migrations, less those that stand, by app and name."""
    standing = _standing(loader)
    return [
        migration
        for key, migration in sorted(loader.disk_migrations.items())
        if key not in standing and _is_own(migration.app_label)
    ]


def _is_own(app: str) -> bool:
    """Whether the app is of this project rather than of a package."""
    return "site-packages" not in Path(apps.get_app_config(app).path).parts


def _standing(loader: MigrationLoader) -> set[tuple[str, str]]:
    """What ``[tool.extract.migrations]`` in ``pyproject.toml`` says was there before the rules:
    ``app = "the last one"``."""
    file = Path(settings.BASE_DIR) / "pyproject.toml"
    last = tomllib.loads(file.read_text())["tool"].get("extract", {}).get("migrations", {})
    try:
        return {each for key in last.items() for each in loader.graph.forwards_plan(key)}
    except NodeNotFoundError as error:
        raise Refused(
            f"{file.name} names {'.'.join(error.node)} in [tool.extract.migrations], "
            f"and there is no such migration; name the last one of its app that stands."
        ) from error


def _sentence(migration: Migration, found: Finding) -> str:
    return (
        f"{_name(migration)}: '{found.operation}' is not safe while the release before still "
        f"serves: {found.code}, {found.says}. See '{found.section}' in {HOW_TO}. Where it is meant, "
        f'say why in {_file(migration)}: allowed = {{"{found.code}": "…"}}.'
    )


def _unused(migration: Migration, code: str) -> str:
    return (
        f"{_name(migration)} allows {code}, but nothing in it is {code}; "
        f"take it out of 'allowed' in {_file(migration)}."
    )


def _name(migration: Migration) -> str:
    return f"{migration.app_label}.{migration.name}"


def _reasons(migration: Migration) -> Mapping[str, str]:
    reasons: Mapping[str, str] = getattr(migration, "allowed", {})
    return reasons


def _file(migration: Migration) -> str:
    module = import_module(type(migration).__module__)
    path = Path(str(module.__file__))
    base = Path(settings.BASE_DIR)
    return str(path.relative_to(base) if path.is_relative_to(base) else path)
