"""Replace instances one by one, each by a new one that is there before it goes."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from extract.fleet.control import Request
from extract.fleet.plan import NoSuchPlan, check_crew
from extract.fleet.telling import tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "app", nargs="?", default="", help="only of this app, home or identity, or APP-worker"
    )


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    try:
        if options["app"]:
            check_crew(options["app"])
    except NoSuchPlan as error:
        raise CommandError(str(error)) from error
    tell(command, Request("restart", options["app"]))
