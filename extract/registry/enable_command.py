"""give a drained instance work again"""

from __future__ import annotations

import argparse
import contextlib
from typing import Any

from django.core.management.base import BaseCommand

from extract.registry.drain import enable
from extract.registry.drain_command import add_arguments as _instance
from extract.registry.drain_command import known_name, opened, tell
from extract.registry.registry import RegistryDown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    _instance(parser)


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Forget that it was drained and tell the registry; ``CommandError`` if nobody knows it."""
    registry = opened()
    name = options["instance"]
    was_drained = enable(name.rpartition("/")[2])
    if not was_drained:
        with contextlib.suppress(RegistryDown):
            name = known_name(registry, name)
    said = f"{name} is enabled." if was_drained else f"{name} was not drained."
    tell(command, registry, said)
