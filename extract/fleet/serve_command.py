"""Become an instance of an app, of home or of identity, for the others to find."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from extract.fleet.instance_checks import (
    check_address,
    check_databases,
    check_is_role,
    found_registry,
)
from extract.fleet.launching import HOST, environment_of, instance_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "app", nargs="?", default=settings.EXTRACT_ROLE,
        help="an app, home or identity (default: EXTRACT_ROLE)",
    )  # fmt: skip
    parser.add_argument(
        "--port", type=int, default=0,
        help="on the loopback (default: that of EXTRACT_ADDRESS, else a free one)",
    )  # fmt: skip


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Check everything, then never return. Raises ``CommandError``."""
    role = options["app"]
    check_is_role(role)
    redis_url = found_registry()
    address = settings.EXTRACT_ADDRESS
    if options["port"] or not address:
        address = f"{HOST}:{options['port']}"
    check_address(address)
    check_databases(role)
    env = environment_of(role, REDIS_URL=redis_url, EXTRACT_ADDRESS=address)
    command.stdout.write(f"Serving as {role}; Ctrl-C ends it.")
    command.stdout.flush()
    os.chdir(settings.BASE_DIR)
    os.execve(sys.executable, instance_command(), env)
