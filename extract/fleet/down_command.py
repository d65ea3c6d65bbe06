"""End what 'up' runs, in good order, and wait until it is gone."""

from __future__ import annotations

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from extract.fleet.control import Request
from extract.fleet.telling import tell
from extract.registry.running import current


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    if current() is None:
        command.stdout.write(f"No fleet is up for {settings.DATA_DIR}.")
    else:
        tell(command, Request("down"))
