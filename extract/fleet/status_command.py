"""each app's placement, queue, database and instances; the workers"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django.core.management.base import BaseCommand
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from extract.queue.depth import Depth, depths
from extract.registry.overview import Overview, Seen, overview

COLOURS = {"up": "green", "draining": "yellow", "lapsed": "yellow", "refusing": "red"}
WIDTH = 120
"""Columns where the output is no terminal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Print it; also what can be told while the registry is away."""
    seen, queues = overview(), depths()
    if options["json"]:
        command.stdout.write(msgspec.json.encode(told(seen, queues)).decode())
        return
    is_terminal = command.stdout.isatty()
    console = Console(
        file=io.StringIO(), force_terminal=is_terminal, width=None if is_terminal else WIDTH
    )
    with console.capture() as captured:
        console.print(rendered(seen, queues))
    command.stdout.write(captured.get(), ending="")


def told(seen: Overview, queues: Mapping[str, Depth]) -> dict[str, Any]:
    """For machines: the overview, and of each app its queue and how many dead letters it has, or
    None where that cannot be read here."""
    told: dict[str, Any] = msgspec.to_builtins(seen)
    for app, placed in told["apps"].items():
        queue = msgspec.to_builtins(queues.get(app))
        placed["dead_letters"] = queue.pop("dead_letters") if queue else None
        placed["queue"] = queue
    return told


def rendered(seen: Overview, queues: Mapping[str, Depth]) -> RenderableType:
    """The same for people."""
    listed = {"instance": seen.instances, "worker": seen.workers}
    tables = [_listed(kind, members) for kind, members in listed.items() if members]
    return Group(_apps(seen, queues), *tables, *_remarks(seen))


def _apps(seen: Overview, queues: Mapping[str, Depth]) -> Table:
    table = Table("app", "placement", "instances", "queue", "oldest", "rate", "dead", "database")
    for app, placed in seen.apps.items():
        queue = _queue(queues.get(app))
        instances = str(len(placed.instances))
        table.add_row(app, placed.placement, instances, *queue, placed.database)
    return table


def _queue(depth: Depth | None) -> tuple[RenderableType, ...]:
    if depth is None:
        return "?", "?", "?", "?"
    oldest = "" if depth.oldest is None else f"{depth.oldest:.0f} s"
    dead = Text(str(depth.dead_letters), style="red" if depth.dead_letters else "")
    waiting = Text(f"{depth.depth} paused", style="yellow") if depth.paused else str(depth.depth)
    return waiting, oldest, f"{depth.rate:.1f}/s", dead


def _listed(kind: str, members: Iterable[Seen]) -> Table:
    table = Table(kind, "tier", "address", "version", "health", "load")
    for each in members:
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
