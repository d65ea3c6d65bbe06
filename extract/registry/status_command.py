"""each app's placement, database and instances"""

from __future__ import annotations

import argparse
import io
from typing import Any

import msgspec
from django.core.management.base import BaseCommand
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from extract.registry.overview import Overview, Seen, overview

COLOURS = {"up": "green", "draining": "yellow", "lapsed": "yellow", "refusing": "red"}
WIDTH = 120
"""Columns where the output is no terminal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Print it; also what can be told while the registry is away."""
    seen = overview()
    if options["json"]:
        command.stdout.write(msgspec.json.encode(seen).decode())
        return
    is_terminal = command.stdout.isatty()
    console = Console(
        file=io.StringIO(), force_terminal=is_terminal, width=None if is_terminal else WIDTH
    )
    with console.capture() as captured:
        console.print(rendered(seen))
    command.stdout.write(captured.get(), ending="")


def rendered(seen: Overview) -> RenderableType:
    """The same for people."""
    return Group(_apps(seen), *([_instances(seen)] if seen.instances else []), *_remarks(seen))


def _apps(seen: Overview) -> Table:
    table = Table("app", "placement", "instances", "database")
    for app, placed in seen.apps.items():
        table.add_row(app, placed.placement, str(len(placed.instances)), placed.database)
    return table


def _instances(seen: Overview) -> Table:
    table = Table("instance", "tier", "address", "version", "health", "load")
    for each in seen.instances:
        table.add_row(*_row(each))
    return table


def _row(each: Seen) -> tuple[RenderableType, ...]:
    health = Text(each.health, style=COLOURS[each.health])
    load = "?" if each.load is None else str(each.load)
    return f"{each.app}/{each.id}", each.tier, each.address, each.version, health, load


def _remarks(seen: Overview) -> list[Text]:
    if not seen.registry.url:
        return [Text("Everything runs in one process: there is no registry.")]
    if not seen.registry.reachable:
        return [
            Text(
                f"The registry at {seen.registry.url} does not answer, so who is there cannot be "
                f"told. What runs goes on with what it knew last.",
                style="yellow",
            )
        ]
    if seen.untrusted:
        return [
            Text(
                f"{seen.untrusted} registrations are not signed by keys that are known here: "
                f"compare SECRET_KEY, DATA_DIR and EXTRACT_PUBLIC_KEYS.",
                style="red",
            )
        ]
    return []
