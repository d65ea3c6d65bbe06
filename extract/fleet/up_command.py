"""Run apps as processes behind one gateway, on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from extract.fleet import own_redis
from extract.fleet.board import Board, Lines, LiveTable, live_table
from extract.fleet.control import Door
from extract.fleet.fleet import Fleet
from extract.fleet.launching import HOST
from extract.fleet.plan import NoSuchPlan, plan
from extract.fleet.supervisor import Supervisor
from extract.gateway import render
from extract.registry.running import AnotherRuns, Running, alone, announce, run_directory

LONGEST_PATH = 100
"""Of a unix socket's path; the kernel's limit is 108 bytes."""


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
    wanted, mistakes = _checked(options["apps"], port)
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
    door = Door(_control_path())
    fleet = Fleet(wanted, conf, port, board.say)
    if isinstance(board, LiveTable):
        board.fleet = fleet
    announce(Running(os.getpid(), fleet.redis_url, fleet.base_url, str(door.path)))
    try:
        fleet.start()
        Supervisor(fleet, door, board.say, _watch(fleet, board)).run()
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
    yield f"Everything is up at {fleet.base_url}/ (Ctrl-C ends it)"
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


def _checked(words: list[str], port: int) -> tuple[dict[str, int], list[str]]:
    """What is wanted, and everything that stands against it."""
    mistakes = []
    wanted: dict[str, int] = {}
    if settings.EXTRACT_ROLE:
        mistakes.append("EXTRACT_ROLE is set, but 'up' gives each process its own; unset it.")
    try:
        wanted = plan(words)
    except NoSuchPlan as error:
        mistakes.append(str(error))
    for needed in (render.nginx, render.modules, *([] if settings.REDIS_URL else [_own_redis])):
        try:
            needed()
        except ImproperlyConfigured as error:
            mistakes.append(str(error))
    mistakes += _port_mistakes(port)
    return wanted, mistakes


def _own_redis() -> None:
    own_redis.redis_command()
    _control_path()


def _control_path() -> Path:
    path = run_directory() / "control.sock"
    if len(str(own_redis.socket_path())) > LONGEST_PATH:
        raise ImproperlyConfigured(
            f"DATA_DIR is {settings.DATA_DIR}, which is too long a path for the sockets in it; "
            f"choose a shorter one."
        )
    return path


def _port_mistakes(port: int) -> list[str]:
    if not 0 < port < 65536:
        return [f"--port is {port}; it must be from 1 to 65535."]
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return [
                f"Port {port} cannot be used ({error.strerror}); stop what listens there, or "
                f"choose another one: --port {port % 65535 + 1}"
            ]
    return []
