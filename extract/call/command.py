"""compare the contracts of the apps with their records"""

from __future__ import annotations

import argparse
import inspect
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from extract.call.provider import contracts_served
from extract.call.recorded import RecordMistake, Standing, State, record, record_path, standing

RECORD_IT = "record it with: manage.py extract contracts --write"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="fail unless all are as recorded")
    choice.add_argument("--write", action="store_true", help="record them as they are now")


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Print how each contract stands to its record; check or write all of them."""
    contracts = contracts_served()
    if not contracts:
        raise CommandError("No app offers a contract in this process, so none can be compared.")
    try:
        found = [standing(contract) for contract in contracts]
    except RecordMistake as error:
        raise CommandError(str(error)) from error
    for each in found:
        version = f"version {each.contract.version}"
        command.stdout.write(f"{each.contract.app}, {version}: {each.state.value}")
    refused = (State.INCOMPATIBLE, State.LOWERED)
    if options["check"]:
        _refuse([each for each in found if each.state is not State.SAME])
    elif options["write"]:
        _refuse([each for each in found if each.state in refused])
        for each in found:
            if each.state is not State.SAME:
                record(each.contract)
                command.stdout.write(f"wrote {os.path.relpath(record_path(each.contract))}")


def _refuse(wrong: list[Standing]) -> None:
    if wrong:
        raise CommandError("\n".join(_reason(each) for each in wrong))


def _reason(found: Standing) -> str:
    contract, version = found.contract, found.contract.version
    name, was = contract.__name__, found.recorded_version
    changes = "".join(f"\n  {change}" for change in found.changes)
    if found.state is State.LOWERED:
        return f"{name} has version {version}, but {was} is recorded: versions only grow."
    if found.state is State.INCOMPATIBLE:
        where = os.path.relpath(inspect.getfile(contract))
        return (
            f"{name} changed in a way that keeps old and new instances from calling each other, "
            f"but is still version {version}:{changes}\n"
            f"If that is meant, raise version= to {version + 1} in {where}, then {RECORD_IT}"
        )
    if found.state is State.RAISED:
        return f"{name} is version {version}, and {was} is recorded; {RECORD_IT}{changes}"
    return f"{name}: {found.state.value}; {RECORD_IT}"
