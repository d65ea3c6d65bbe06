"""What must be right before a process becomes an instance. All raise ``CommandError``."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from extract.data import alias_of, app_aliases
from extract.fleet.instance_process import taken
from extract.fleet.plan import NoSuchPlan, check_role
from extract.registry.process import registry_url
from extract.trust import HOME, IDENTITY


def check_is_role(role: str) -> None:
    """There is such a role, and the environment names no other."""
    try:
        check_role(role)
    except NoSuchPlan as error:
        raise CommandError(str(error)) from error
    if settings.EXTRACT_ROLE not in ("", role):
        raise CommandError(f"EXTRACT_ROLE is {settings.EXTRACT_ROLE}, so it cannot be {role}.")


def found_registry() -> str:
    """The registry's URL."""
    if not (url := registry_url()):
        raise CommandError("REDIS_URL is unset; it is where all processes find each other.")
    return url


def check_address(address: str) -> None:
    """Nobody listens at ``host:port``, and this process could."""
    try:
        taken(address).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"{address} cannot be served at ({reason}).") from error


def check_databases(role: str) -> None:
    """The role's databases answer and are migrated. Leaves no connection open."""
    for alias in _aliases(role):
        _check_database(alias)
    connections.close_all()


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
