"""Deliver and finish the events and sagas of one app, and serve nobody."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from extract.event import background
from extract.fleet.launching import environment_of, verb_command
from extract.fleet.plan import apps
from extract.fleet.wiring import connect
from extract.observe import tell_hops
from extract.queue.way import way
from extract.registry.process import registry_url
from extract.trust import HOME

_ENDS = (signal.SIGTERM, signal.SIGINT)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("app", help="whose")


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """With home's role, since without a broker events are handed over inside the process: to
    subscribers of other apps, in their databases. Without a registry, as the monolith."""
    app = options["app"]
    if app not in apps():
        raise CommandError(f"There is no app '{app}'; there are {', '.join(apps())}.")
    role = HOME if registry_url() else ""
    if (settings.EXTRACT_ROLE, tuple(settings.EXTRACT_APPS)) != (role, (app,)):
        if settings.EXTRACT_ROLE not in ("", HOME):
            raise CommandError(f"EXTRACT_ROLE is {settings.EXTRACT_ROLE}; a relay is home's.")
        env = environment_of(role, REDIS_URL=registry_url(), EXTRACT_APPS=app)
        os.chdir(settings.BASE_DIR)
        os.execve(sys.executable, verb_command("relay", app), env)
    # Before any thread starts: threads inherit it, and the signals are left to sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    tell_hops(role or app)
    if role:
        connect()
    background.start(way())
    command.stdout.write(f"Relaying for {app}; Ctrl-C ends it.")
    command.stdout.flush()
    signal.sigwait(_ENDS)
    background.stop()
