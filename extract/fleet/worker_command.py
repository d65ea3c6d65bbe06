"""Become a worker: a Celery worker that empties the queues of an app, or of home."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from extract.fleet.instance_checks import (
    check_address,
    check_databases,
    check_is_role,
    found_registry,
)
from extract.fleet.launching import HOST, environment_of, worker_command
from extract.queue.broker import broker_url
from extract.trust import IDENTITY


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "app", nargs="?", default=settings.EXTRACT_ROLE,
        help="an app, or home (default: EXTRACT_ROLE)",
    )  # fmt: skip
    parser.add_argument(
        "--concurrency", type=int, default=2, metavar="N",
        help="how many messages it works on at a time, each in a process of its own (default: 2)",
    )  # fmt: skip


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Check everything, then never return. Raises ``CommandError``."""
    role, concurrency = options["app"], options["concurrency"]
    check_is_role(role)
    if role == IDENTITY:
        raise CommandError("Identity has no queue, so there is nothing for a worker to do.")
    if not 1 <= concurrency <= 100:
        raise CommandError(f"--concurrency is {concurrency}; it must be from 1 to 100.")
    redis_url = found_registry()
    address = settings.EXTRACT_ADDRESS or f"{HOST}:0"
    check_address(address)
    check_databases(role)
    env = environment_of(
        role,
        REDIS_URL=redis_url,
        CELERY_BROKER_URL=settings.CELERY_BROKER_URL or broker_url(redis_url),
        EXTRACT_ADDRESS=address,
    )
    command.stdout.write(f"Working for {role}; Ctrl-C ends it.")
    command.stdout.flush()
    os.chdir(settings.BASE_DIR)
    os.execve(sys.executable, worker_command(concurrency), env)
