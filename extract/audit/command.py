"""check the invariants over all databases; exit 1 if one is broken"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from rich.console import Console
from rich.table import Table

from extract.audit.reading import Broken, audit
from extract.audit.registry import Invariant, invariants

SHOWN = 20
"""Offending rows per invariant that a person is shown; ``--json`` has them all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Audit and print; ends the process with exit code 1 if an invariant is broken."""
    known = invariants()
    try:
        broken = audit(checks=known)
    except DatabaseError as error:
        raise CommandError(
            f"The audit could not read a database: {error}. Run 'manage.py migrate', then again.",
            returncode=2,
        ) from error
    if options["json"]:
        command.stdout.write(as_json(broken))
    elif command.stdout.isatty():
        _print_table(known, broken)
    else:
        _print_lines(command, known, broken)
    if broken:
        sys.exit(1)


def as_json(broken: tuple[Broken, ...]) -> str:
    """``{"ok": bool, "broken": [{"invariant", "rows"}]}`` as text."""
    found = [{"invariant": b.invariant, "rows": [dict(row) for row in b.rows]} for b in broken]
    return json.dumps({"ok": not broken, "broken": found}, default=str)


def _print_lines(
    command: BaseCommand, known: tuple[Invariant, ...], broken: tuple[Broken, ...]
) -> None:
    by_sentence = {b.invariant: b for b in broken}
    for each in known:
        found = by_sentence.get(each.sentence)
        command.stdout.write(f"{'BROKEN' if found else 'ok    '}  {each.sentence}")
        for row in found.rows[:SHOWN] if found else ():
            command.stdout.write(f"        {_described(row)}")
        if found and len(found.rows) > SHOWN:
            command.stdout.write(f"        … and {len(found.rows) - SHOWN} more (see --json)")
    command.stdout.write(_summary(known, broken))


def _print_table(known: tuple[Invariant, ...], broken: tuple[Broken, ...]) -> None:
    by_sentence = {b.invariant: b for b in broken}
    table = Table(show_header=False, box=None, padding=(0, 1))
    for each in known:
        found = by_sentence.get(each.sentence)
        table.add_row("[red]✗[/]" if found else "[green]✓[/]", each.app or "", each.sentence)
        for row in found.rows[:SHOWN] if found else ():
            table.add_row("", "", f"[red]{_described(row)}[/]")
        if found and len(found.rows) > SHOWN:
            table.add_row("", "", f"[red]… and {len(found.rows) - SHOWN} more (see --json)[/]")
    console = Console()
    console.print(table)
    console.print(_summary(known, broken), style="bold red" if broken else "bold green")


def _described(row: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items())


def _summary(known: tuple[Invariant, ...], broken: tuple[Broken, ...]) -> str:
    if not broken:
        return f"All {len(known)} invariants hold."
    return f"{len(broken)} of {len(known)} invariants are broken."
