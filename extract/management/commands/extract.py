"""``manage.py extract VERB``: what an operator does with the layer. A verb is a module."""

from __future__ import annotations

import argparse
import importlib
from types import ModuleType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

VERBS = {
    "agent": "extract.gateway.agent_command",
    "audit": "extract.audit.command",
    "contracts": "extract.call.command",
    "dead-letters": "extract.event.letters_command",
    "down": "extract.fleet.down_command",
    "drain": "extract.registry.drain_command",
    "enable": "extract.registry.enable_command",
    "relay": "extract.fleet.relay_command",
    "restart": "extract.fleet.restart_command",
    "rotate-identity-key": "extract.identity.rotate_command",
    "scale": "extract.fleet.scale_command",
    "serve": "extract.fleet.serve_command",
    "status": "extract.fleet.status_command",
    "trace": "extract.observe.traces.command",
    "up": "extract.fleet.up_command",
    "worker": "extract.fleet.worker_command",
}
"""Each module has a docstring (the help), ``add_arguments(parser)`` and
``run(command, options)``, which raises ``CommandError`` or exits with a code of its own."""


class Command(BaseCommand):
    help = "Look after the apps: where they run, what they hold, whether it is right."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for name in VERBS:
            module = _verb(name)
            verb: argparse.ArgumentParser = verbs.add_parser(name, help=module.__doc__)
            module.add_arguments(verb)

    def handle(self, *args: Any, **options: Any) -> None:
        _verb(options["verb"]).run(self, options)


def _verb(name: str) -> ModuleType:
    return importlib.import_module(VERBS[name])
