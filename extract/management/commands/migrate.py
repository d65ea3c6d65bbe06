"""Django's ``migrate``, for every alias unless one is named: each keeps its own record."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections

from extract.data import unguarded

EVERY = "every alias"


def _aliases(options: dict[str, Any]) -> list[str]:
    return list(connections) if options["database"] == EVERY else [options["database"]]


class Command(DjangoMigrate):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=EVERY)

    def get_check_kwargs(self, options: dict[str, Any]) -> dict[Any, Any]:
        chosen = _aliases(options)
        return {**super().get_check_kwargs(options), "databases": chosen}

    def handle(self, *args: Any, **options: Any) -> None:
        aliases = _aliases(options)
        for alias in aliases:
            if len(aliases) > 1 and options["verbosity"] >= 1:
                self.stdout.write(self.style.MIGRATE_HEADING(f"Database {alias}"))
            with unguarded():
                super().handle(*args, **{**options, "database": alias})
