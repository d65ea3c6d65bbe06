"""dead letters: list them, have them tried again, or discard them"""

from __future__ import annotations

import argparse
import getpass
import io
import socket
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from extract.data import DataError, open_apps
from extract.event.letters import Letter, discard, letters, retry
from extract.event.models import Verdict

DECISIONS = {"retry": retry, "discard": discard}
SHORTEST = 6
"""Characters of an id that are enough, if no other begins with them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("list", *DECISIONS))
    parser.add_argument(
        "ids", nargs="*", metavar="ID", help="an event's id, or how it begins; see 'list'"
    )
    parser.add_argument("--all", action="store_true", help="every dead letter")
    parser.add_argument("--app", help="only those of this app")
    parser.add_argument("--json", action="store_true", help="one JSON list on standard output")


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Raises ``CommandError``, and has done nothing then."""
    what, ids = options["what"], options["ids"]
    if what in DECISIONS and bool(ids) == options["all"]:
        raise CommandError(f"Say which dead letters to {what}: by their ids, or --all.")
    found = letters(_apps(options["app"]))
    if ids:
        found = chosen(found, ids)
    if what == "list":
        _list(command, found, options)
    else:
        _decide(command, found, options)


def chosen(known: Iterable[Letter], ids: Iterable[str]) -> list[Letter]:
    """The letters that are meant by ``ids``. Raises ``CommandError`` that names every id that
    means none, or several."""
    by_id = {(each.event_id.hex, each.app): each for each in known}
    found: dict[tuple[str, str], Letter] = {}
    wrong = []
    for given in ids:
        start = given.replace("-", "").lower()
        meant = [key for key in by_id if key[0].startswith(start)]
        if len(start) < SHORTEST:
            wrong.append(f"{given!r} is too short: give {SHORTEST} characters at least")
        elif not meant:
            wrong.append(f"{given} is no dead letter")
        elif len(meant) > 1:
            names = " or ".join(f"{by_id[key].event_id} of {key[1]}" for key in meant)
            wrong.append(f"{given} may be {names}: give more of it, or --app")
        else:
            found[meant[0]] = by_id[meant[0]]
    if wrong:
        raise CommandError(f"Nothing was done: {'; '.join(wrong)}.")
    return list(found.values())


def _apps(only: str | None) -> tuple[str, ...]:
    apps = open_apps()
    if only is None:
        return apps
    if only not in apps:
        raise CommandError(f"The database of {only!r} is not open here, only {', '.join(apps)}.")
    return (only,)


def _list(command: BaseCommand, found: list[Letter], options: dict[str, Any]) -> None:
    if options["json"]:
        command.stdout.write(msgspec.json.encode(found).decode())
    elif not found:
        command.stdout.write("There are no dead letters.")
    elif command.stdout.isatty():
        console = Console(file=io.StringIO(), force_terminal=True)
        with console.capture() as captured:
            console.print(_table(found))
        command.stdout.write(captured.get(), ending="")
    else:
        for each in found:
            command.stdout.write(
                f"{each.event_id} {each.app} {each.type} of {each.aggregate}: {each.attempts} "
                f"attempts, dead since {_since(each)}, {each.behind} behind it, request "
                f"{each.correlation_id}: {each.error}"
            )


def _table(found: list[Letter]) -> Table:
    table = Table("id", "app", "event", "of", "attempts", "dead since", "behind", "error")
    for each in found:
        table.add_row(
            str(each.event_id), each.app, each.type, each.aggregate, str(each.attempts),
            _since(each), str(each.behind), each.error,
        )  # fmt: skip
    return table


def _since(letter: Letter) -> str:
    return letter.since.isoformat(" ", "seconds") if letter.since else "?"


def _decide(command: BaseCommand, found: list[Letter], options: dict[str, Any]) -> None:
    decide = DECISIONS[options["what"]]
    by = f"{getpass.getuser()}@{socket.gethostname()}"
    of_app: dict[str, list[UUID]] = {}
    for letter in found:
        of_app.setdefault(letter.app, []).append(letter.event_id)
    try:
        decided = [(app, each) for app in of_app for each in decide(app, of_app[app], by=by)]
    except DataError as error:
        raise CommandError(str(error)) from error
    if options["json"]:
        command.stdout.write(msgspec.json.encode([_told(*each) for each in decided]).decode())
        return
    for app, verdict in decided:
        command.stdout.write(
            f"{verdict.decision.capitalize()}: {verdict.event_id} {app} {verdict.type} of "
            f"{verdict.aggregate}."
        )
    if not found:
        command.stdout.write("There are no dead letters.")
    if missed := len(found) - len(decided):
        command.stdout.write(f"Somebody else decided {missed} of them meanwhile.")


def _told(app: str, verdict: Verdict) -> dict[str, str]:
    return {
        "event_id": str(verdict.event_id),
        "app": app,
        "type": verdict.type,
        "aggregate": verdict.aggregate,
        "decision": str(verdict.decision),
    }
