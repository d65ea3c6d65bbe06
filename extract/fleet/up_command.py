"""Run apps as processes behind one gateway, on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from extract.fleet.board import Board, Lines, LiveTable, live_table
from extract.fleet.control import Door
from extract.fleet.fleet import Fleet
from extract.fleet.launching import HOST
from extract.fleet.up_checks import checked, control_path
from extract.fleet.up_loop import NeverUp, Supervisor
from extract.gateway import render
from extract.registry.running import AnotherRuns, Running, alone, announce, run_directory


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "apps", nargs="*", metavar="APP[=N]",
        help="what runs outside home, in how many instances; also home=N and identity=N",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=8080, help="the gateway's (default: 8080)")
    parser.add_argument(
        "--no-prepare", action="store_true",
        help="take databases and static files as they are",
    )  # fmt: skip


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Raises ``CommandError`` with all that cannot be, before anything is started."""
    port = options["port"]
    wanted, mistakes = checked(options["apps"], port)
    try:
        with alone():
            if mistakes:
                raise CommandError("\n".join(mistakes))
            if not options["no_prepare"]:
                import_string(settings.EXTRACT_PREPARE)()
            with _board(command) as board:
                _supervise(wanted, port, board)
    except AnotherRuns as error:
        raise CommandError("\n".join([str(error), *mistakes])) from None


def _supervise(wanted: dict[str, int], port: int, board: Board) -> None:
    conf = render.render(settings.EXTRACT_GATEWAY, host=HOST, port=port)
    door = Door(control_path())
    fleet = Fleet(wanted, conf, port, board.say)
    if isinstance(board, LiveTable):
        board.fleet = fleet
    announce(Running(os.getpid(), fleet.redis_url, fleet.base_url, str(door.path)))
    try:
        # A job in the background hears no Ctrl-C.
        board.say("Starting; Ctrl-C ends it, in the background: manage.py extract down")
        fleet.start()
        Supervisor(fleet, door, board.say, _watch(fleet, board)).run()
    except NeverUp as error:
        raise CommandError(f"{error}\nThe logs are in {run_directory() / 'logs'}.") from None
    finally:
        fleet.kill()
        fleet.view.stop()
        door.close()


def _watch(fleet: Fleet, board: Board) -> Callable[[], None]:
    """Shows the board, and says where everything is once it is there."""
    told = False

    def watch() -> None:
        nonlocal told
        board.watch()
        if not told and fleet.is_up():
            told = True
            for line in _where(fleet):
                board.say(line)

    return watch


def _where(fleet: Fleet) -> Iterator[str]:
    yield f"Everything is up at {fleet.base_url}/ (Ctrl-C ends it, or manage.py extract down)"
    yield f"Admin: {fleet.base_url}/admin/; data: {settings.DATA_DIR}"
    yield f"Logs: {run_directory() / 'logs'}; more: manage.py extract status"


@contextmanager
def _board(command: BaseCommand) -> Iterator[Board]:
    output: Any = command.stdout
    if output.isatty():
        with live_table(output._out) as board:
            yield board
    else:
        yield Lines(output)
