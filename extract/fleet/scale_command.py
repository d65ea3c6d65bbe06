"""Have another number of instances or workers, and wait until it is so."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from extract.fleet.control import Request
from extract.fleet.plan import MOST, NoSuchPlan, check_crew, number
from extract.fleet.telling import tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("app", help="an app, home or identity; APP-worker: what empties its queues")
    parser.add_argument("count", metavar="N", help=f"0 to {MOST}")


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    try:
        check_crew(options["app"])
        count = number(options["count"])
    except NoSuchPlan as error:
        raise CommandError(str(error)) from error
    tell(command, Request("scale", options["app"], count))
