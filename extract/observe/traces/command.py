"""show the way of a request through all processes, by any id that it has"""

from __future__ import annotations

import argparse
import io
import sys
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from extract.observe.traces.finding import Found, find
from extract.observe.traces.hop import Hop, Note, Suspect, Trace
from extract.observe.traces.source import SourceAway
from extract.observe.traces.suspect import SLOW_MS

WIDTH = 160
"""Columns where the output is no terminal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", help="a correlation id, an order, an invoice's number, an e-mail address or a trace"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--stacks", action="store_true", help="with the stack of each error")


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Print it. Raises ``CommandError``; exit code 1 if nothing is found."""
    try:
        found = find(options["id"])
    except SourceAway as error:
        raise CommandError(str(error), returncode=2) from error
    if options["json"]:
        command.stdout.write(msgspec.json.encode(found).decode())
    elif found.traces:
        command.stdout.write(_rendered(found, options["stacks"], command.stdout.isatty()))
    if not found.traces:
        command.stderr.write(f"No line of any process names {found.asked} ({found.source}).")
        sys.exit(1)


def _rendered(found: Found, with_stacks: bool, is_terminal: bool) -> str:
    console = Console(
        file=io.StringIO(), force_terminal=is_terminal, width=None if is_terminal else WIDTH
    )
    with console.capture() as captured:
        for trace in found.traces:
            console.print(_tree(trace, with_stacks))
    return captured.get()


def _tree(trace: Trace, with_stacks: bool) -> Tree:
    began = trace.started_at.isoformat(sep=" ", timespec="milliseconds")
    title = f"{began}  {trace.duration_ms:.1f} ms  id {trace.correlation_id}"
    tree = Tree(Text(f"{title}  trace {trace.trace_id or '?'}", style="bold"))
    if trace.suspect is not None:
        tree.add(_suspected(trace.suspect))
    for hop in trace.hops:
        _grow(tree, hop, with_stacks)
    for note in trace.notes:
        tree.add(_noted(note))
    return tree


def _suspected(suspect: Suspect) -> Text:
    place = f"{suspect.service}/{suspect.instance}" if suspect.instance else suspect.service
    said = " ".join(filter(None, [suspect.name, suspect.error, suspect.where]))
    return Text(f"{suspect.why} at {place}: {said}", style="bold red")


def _grow(tree: Tree, hop: Hop, with_stacks: bool) -> None:
    branch = tree.add(_told(hop))
    if with_stacks and hop.stack:
        branch.add(Text(hop.stack, style="dim"))
    for note in hop.notes:
        branch.add(_noted(note))
    for each in hop.hops:
        _grow(branch, each, with_stacks)


def _told(hop: Hop) -> Text:
    text = Text()
    text.append(f"{hop.service}/{hop.instance}" if hop.instance else hop.service, style="cyan")
    text.append(f"  {hop.name}")
    if hop.peer:
        text.append(f" → {hop.peer}")
    if hop.status is not None:
        text.append(f" {hop.status}")
    if (step := hop.labels.get("step")) and step not in hop.name:
        text.append(f" ({step})")
    if hop.attempt > 1:
        text.append(f"  try {hop.attempt}", style="yellow")
    text.append(f"  +{hop.at_ms:.1f} ms  ", style="dim")
    text.append(f"{hop.duration_ms:.1f} ms", style="yellow" if hop.duration_ms > SLOW_MS else "")
    if hop.outcome != "success":
        text.append(f"  {hop.outcome}", style="red" if hop.is_fault else "yellow")
    if hop.error_type:
        text.append(f"  {hop.error_type}: {hop.error}")
    if hop.where:
        text.append(f"  ({hop.where})", style="dim")
    return text


def _noted(note: Note) -> Text:
    style = "red" if note.level == "error" else "yellow" if note.level == "warning" else "dim"
    return Text(f"{note.level}: {note.message}  {note.error}".rstrip(), style=style)
