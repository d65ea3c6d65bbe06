"""Whether a log line is valid by the Elastic Common Schema 8.11, whose fields ``ecs_fields.csv``
lists."""

from __future__ import annotations

import csv
import ipaddress
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

REQUIRED = ("@timestamp", "ecs.version", "log.level", "message")
"""What ECS loggers have in every line."""
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_LONG = 2**63


class Field(NamedTuple):
    type: str
    is_array: bool


@cache
def fields() -> dict[str, Field]:
    """Every field of the schema by its dotted name."""
    with (Path(__file__).parent / "ecs_fields.csv").open(newline="") as file:
        rows = csv.DictReader(file)
        return {row["field"]: Field(row["type"], bool(row["is_array"])) for row in rows}


def problems(line: dict[str, Any]) -> list[str]:
    """A sentence for each thing in the line that is not valid; empty for a valid one.

    Names may be dotted, as ``{"trace.id": …}``, or nested, as ``{"trace": {"id": …}}``.
    """
    flat = list(_flattened(line))
    names = [name for name, _ in flat]
    said = [f"{name} is missing." for name in REQUIRED if name not in names]
    said += [f"{name} is there twice." for name in sorted({n for n in names if names.count(n) > 1})]
    for name, value in flat:
        if problem := _problem(name, value):
            said.append(f"{name} {problem}.")
    return said


def _flattened(value: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        name = f"{before}{key}"
        known = fields().get(name)
        if isinstance(inner, dict) and (known is None or known.type == "object") and inner:
            yield from _flattened(inner, f"{name}.")
        else:
            yield name, inner


def _problem(name: str, value: Any) -> str:
    if name.startswith("labels."):
        return "" if isinstance(value, str) else f"is a label, so text, but {value!r} was said"
    if (field := fields().get(name)) is None:
        return "is no field of the schema"
    if field.is_array:
        if not isinstance(value, list):
            return f"must be a list, but {value!r} was said"
        wrong = [each for each in value if not _FITS[field.type](each)]
        return f"must be a list of {field.type}, but {wrong[0]!r} is in it" if wrong else ""
    return "" if _FITS[field.type](value) else f"must be {field.type}, but {value!r} was said"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_long(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_LONG <= value < _LONG


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or not _ISO.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", value))
    except ValueError:
        return False
    return True


def _is_ip(value: Any) -> bool:
    try:
        return bool(ipaddress.ip_address(value)) if isinstance(value, str) else False
    except ValueError:
        return False


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


_FITS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("keyword", "constant_keyword", "wildcard", "match_only_text"), _is_text),
    **dict.fromkeys(("object", "flattened", "geo_point"), _is_object),
    **dict.fromkeys(("float", "scaled_float"), _is_number),
    "nested": lambda value: isinstance(value, dict | list),
    "boolean": lambda value: isinstance(value, bool),
    "date": _is_date,
    "ip": _is_ip,
    "long": _is_long,
}
