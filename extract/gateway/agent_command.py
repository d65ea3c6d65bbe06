"""Keep the gateway's nginx told of all instances, until stopped."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from extract.gateway.agent import Agent
from extract.gateway.render import SOCKET, render
from extract.registry import Registry, drain
from extract.registry.confirm import split_address
from extract.registry.process import NoRegistry, open_registry, watch
from extract.trust import GATEWAY, own_trust

_ENDS = (signal.SIGTERM, signal.SIGINT)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--directory", type=Path, default=settings.EXTRACT_GATEWAY,
        help="the gateway's directory, into which nginx.conf was rendered",
    )  # fmt: skip
    parser.add_argument(
        "--listen", metavar="HOST:PORT",
        help="write nginx.conf first, for an nginx in a container beside this one",
    )  # fmt: skip


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    if settings.EXTRACT_ROLE != GATEWAY:
        raise CommandError(
            f"The agent speaks for the gateway; start it with EXTRACT_ROLE={GATEWAY}."
        )
    if options["listen"]:
        _write_configuration(options["directory"], options["listen"])
    # Before any thread starts: threads inherit it, and the signals are left to sigtimedwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    try:
        view, registry = watch(), open_registry()
    except NoRegistry as error:
        raise CommandError(str(error)) from error
    apps = [route.app for route in settings.EXTRACT_ROUTES]
    agent = Agent(
        view, own_trust(), apps, options["directory"] / SOCKET,
        repeat=lambda: _repeat(registry),
    )  # fmt: skip
    working = threading.Thread(target=agent.run, name="gateway-agent")
    working.start()
    while working.is_alive() and signal.sigtimedwait(_ENDS, 0.5) is None:
        pass
    if not working.is_alive():
        raise CommandError("The agent failed; its log says why.")
    agent.stop()
    working.join()
    view.stop()
    registry.close()


def _write_configuration(directory: Path, listen: str) -> None:
    try:
        host, port = split_address(listen)
        render(directory, host=host, port=port, contained=True)
    except OSError as error:
        raise CommandError(f"nginx.conf cannot be written into {directory}: {error}") from error


def _repeat(registry: Registry) -> None:
    # A connection that a restart of the database has broken is not used again.
    close_old_connections()
    drain.repeat(registry)
