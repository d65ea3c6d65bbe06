"""judge new migrations: can the release before go on serving"""

from __future__ import annotations

import argparse
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations import Migration
from django.db.migrations.exceptions import NodeNotFoundError
from django.db.migrations.loader import MigrationLoader

if TYPE_CHECKING:
    from extract.data.judging import Finding, Verdict

HOW_TO = "docs/how-to/release.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"What may be in one release, and how to take the rest in steps: {HOW_TO}."


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Judge all that came after those that stand. ``CommandError`` unless each is safe."""
    try:
        from extract.data.judging import verdicts
    except ModuleNotFoundError as error:
        raise CommandError(f"{error}; install requirements-dev.txt.") from error
    loader = MigrationLoader(None, ignore_no_migrations=True)
    to_judge, refused = _to_judge(loader), []
    for verdict in verdicts(loader, to_judge):
        name = _name(verdict.migration)
        command.stdout.write(f"{name}: {'safe' if verdict.is_safe else 'refused'}")
        for found in verdict.allowed:
            command.stdout.write(f"  allows {found.code}: {_reasons(verdict)[found.code]}")
        if not verdict.is_safe:
            refused.append(_refusal(verdict))
    if not to_judge:
        command.stdout.write("No migration came after those that stand.")
    if refused:
        raise CommandError("\n".join(refused))


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
        raise CommandError(
            f"{file.name} names {'.'.join(error.node)} in [tool.extract.migrations], "
            f"and there is no such migration; name the last one of its app that stands."
        ) from error


def _refusal(verdict: Verdict) -> str:
    return "\n".join(
        [
            *(_sentence(verdict, found) for found in verdict.unsafe),
            *(
                f"{_name(verdict.migration)} allows {code}, but nothing in it is {code}; "
                f"take it out of 'allowed' in {_file(verdict.migration)}."
                for code in verdict.unused
            ),
        ]
    )


def _sentence(verdict: Verdict, found: Finding) -> str:
    name, file = _name(verdict.migration), _file(verdict.migration)
    return (
        f"{name}: '{found.operation}' is not safe while the release before still serves: "
        f"{found.code}, {found.says}. See '{found.section}' in {HOW_TO}. Where it is meant, "
        f'say why in {file}: allowed = {{"{found.code}": "…"}}.'
    )


def _name(migration: Migration) -> str:
    return f"{migration.app_label}.{migration.name}"


def _reasons(verdict: Verdict) -> dict[str, str]:
    return dict(getattr(verdict.migration, "allowed", {}))


def _file(migration: Migration) -> str:
    module = import_module(type(migration).__module__)
    path = Path(str(module.__file__))
    base = Path(settings.BASE_DIR)
    return str(path.relative_to(base) if path.is_relative_to(base) else path)
