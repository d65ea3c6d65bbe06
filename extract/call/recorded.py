"""Each contract as it was last recorded, in a JSON file beside its module."""

from __future__ import annotations

import enum
import inspect
import json
from pathlib import Path

import msgspec

from extract.call.compatible import Description, incompatibilities
from extract.call.contract import Contract, describe


class RecordMistake(Exception):
    """A file beside a contract is not the record of that contract."""


class State(enum.Enum):
    """How a contract stands to its record."""

    SAME = "as recorded"
    UNRECORDED = "not recorded"
    COMPATIBLE = "changed compatibly"
    RAISED = "changed, with a new version"
    INCOMPATIBLE = "changed incompatibly"
    LOWERED = "its version was lowered"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A contract beside its record; ``changes`` are what keeps old and new apart."""

    contract: type[Contract]
    state: State
    recorded_version: int | None = None
    changes: tuple[str, ...] = ()


def record_path(contract: type[Contract]) -> Path:
    """``contract.json`` beside ``contract.py``."""
    return Path(inspect.getfile(contract)).with_suffix(".json")


def recorded(contract: type[Contract]) -> Description | None:
    """The description on record, or None. Raises ``RecordMistake``."""
    path = record_path(contract)
    try:
        description: Description = msgspec.json.decode(path.read_bytes(), type=Description)
        if description["app"] == contract.app and isinstance(description["version"], int):
            return description
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, KeyError) as error:
        raise RecordMistake(f"{path} is no record of a contract ({error}); mend it.") from error
    raise RecordMistake(
        f"{path} records {description['app']!r}, not {contract.app!r}: give each contract a "
        f"module of its own."
    )


def record(contract: type[Contract]) -> None:
    """Write the contract's description to its place, sorted, so that changes are few lines."""
    text = json.dumps(_described(contract), indent=2, sort_keys=True, ensure_ascii=False)
    record_path(contract).write_text(text + "\n", encoding="utf-8")


def standing(contract: type[Contract]) -> Standing:
    """How the contract stands to its record. Raises ``RecordMistake``."""
    old, new = recorded(contract), _described(contract)
    if old is None:
        return Standing(contract=contract, state=State.UNRECORDED)
    changes: tuple[str, ...] = ()
    if new["version"] < old["version"]:
        state = State.LOWERED
    elif new == old:
        state = State.SAME
    else:
        changes = _between(contract, old, new)
        if new["version"] > old["version"]:
            state = State.RAISED
        else:
            state = State.INCOMPATIBLE if changes else State.COMPATIBLE
    return Standing(
        contract=contract, state=state, recorded_version=old["version"], changes=changes
    )


def _described(contract: type[Contract]) -> Description:
    encoded = msgspec.json.encode(describe(contract))
    return msgspec.json.decode(encoded, type=Description)


def _between(contract: type[Contract], old: Description, new: Description) -> tuple[str, ...]:
    """What keeps either from calling the other: while a release spreads, both are there."""
    new = {**new, "version": old["version"] + 1}  # so that each change is told from old to new
    try:
        forth = incompatibilities(caller=old, provider=new)
        back = incompatibilities(caller=new, provider=old)
    except ValueError as error:
        raise RecordMistake(f"{record_path(contract)}: {error}") from error
    return tuple(dict.fromkeys(forth + back))
