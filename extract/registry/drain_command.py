"""give an instance no new work; what it is at, it finishes"""

from __future__ import annotations

import argparse
import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from extract.registry.drain import drain, push
from extract.registry.opening import Opening
from extract.registry.process import NoRegistry, open_registry, registry_trust
from extract.registry.registry import Registry, RegistryDown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("instance", metavar="INSTANCE", help="its id, or role/id; see 'status'")


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Record it and tell the registry; ``CommandError`` if there is no such instance."""
    registry = opened()
    try:
        name = known_name(registry, options["instance"])
    except RegistryDown:
        # Who is there cannot be known; the operator's word is taken.
        name = options["instance"]
    is_news = drain(name.rpartition("/")[2], by=getpass.getuser())
    said = f"{name} is drained." if is_news else f"{name} was drained before."
    tell(command, registry, said)


def opened() -> Registry:
    """The registry, or a ``CommandError`` that says why there is none."""
    try:
        return open_registry()
    except NoRegistry as error:
        raise CommandError(str(error)) from error


def known_name(registry: Registry, given: str) -> str:
    """``role/id`` of the instance that is meant by ``given``: its id or ``role/id``."""
    listed = Opening(registry_trust()).listed(registry.look())
    names = sorted(each.instance.name for each in listed.values())
    for name in names:
        if given in (name, name.rpartition("/")[2]):
            return name
    there = f"there are: {', '.join(names)}" if names else "nobody is registered"
    raise CommandError(f"There is no instance {given}; {there}.")


def tell(command: BaseCommand, registry: Registry, said: str) -> None:
    """Push what is recorded, and say so, or say that it has to wait."""
    try:
        push(registry)
    except RegistryDown as error:
        said += f" It takes effect when the registry is back: the agent repeats it. ({error})"
    finally:
        registry.close()
    command.stdout.write(said)
