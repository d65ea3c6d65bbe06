"""add a new key for signing identities; the old one goes on being valid for some minutes"""

from __future__ import annotations

import argparse
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from extract.identity.keyring import PUBLISHED_BEFORE_USE, RETIRED_AFTER, keyring


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Add the key and say what happens when. Nothing needs to be restarted."""
    try:
        kid = keyring().rotate()
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from error
    command.stdout.write(
        f"Key {kid} is published; it signs in {PUBLISHED_BEFORE_USE:.0f} seconds, "
        f"and the one before it is retired in {RETIRED_AFTER:.0f}."
    )
