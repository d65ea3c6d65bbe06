"""Become an instance of an app, of home or of identity, for the others to find."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from extract.data import alias_of, app_aliases
from extract.fleet.instance import taken
from extract.fleet.launching import HOST, environment_of, instance_command
from extract.fleet.plan import NoSuchPlan, check_role
from extract.registry.process import registry_url
from extract.trust import HOME, IDENTITY


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
    _check_role(role)
    redis_url = registry_url()
    if not redis_url:
        raise CommandError("REDIS_URL is unset; it is where all processes find each other.")
    address = settings.EXTRACT_ADDRESS
    if options["port"] or not address:
        address = f"{HOST}:{options['port']}"
    try:
        taken(address).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"{address} cannot be served at ({reason}).") from error
    for alias in _aliases(role):
        _check_database(alias)
    connections.close_all()
    env = environment_of(role, REDIS_URL=redis_url, EXTRACT_ADDRESS=address)
    command.stdout.write(f"Serving as {role}; Ctrl-C ends it.")
    command.stdout.flush()
    os.chdir(settings.BASE_DIR)
    os.execve(sys.executable, instance_command(), env)


def _check_role(role: str) -> None:
    try:
        check_role(role)
    except NoSuchPlan as error:
        raise CommandError(str(error)) from error
    if settings.EXTRACT_ROLE not in ("", role):
        raise CommandError(f"EXTRACT_ROLE is {settings.EXTRACT_ROLE}, so it cannot be {role}.")


def _aliases(role: str) -> tuple[str, ...]:
    if role == HOME:
        return (DEFAULT_DB_ALIAS, *app_aliases())
    return (DEFAULT_DB_ALIAS,) if role == IDENTITY else (alias_of(role),)


def _check_database(alias: str) -> None:
    try:
        executor = MigrationExecutor(connections[alias])
        due = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise CommandError(f"The database '{alias}' does not answer: {error}") from error
    if due:
        raise CommandError(f"The database '{alias}' is not migrated; run 'manage.py migrate'.")
