"""Reads every invariant, and reads again before it reports: the shop may be at work."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import msgspec

from extract.audit.registry import Invariant, Row, invariants

DELAYS = (0.1, 0.3, 0.6, 1.0, 2.0)
"""Seconds before each further reading of an invariant that looked broken."""


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """An invariant that does not hold, and the rows that break it."""

    invariant: str
    rows: tuple[Row, ...]


def audit(
    *,
    checks: Sequence[Invariant] | None = None,
    delays: Sequence[float] = DELAYS,
    sleep: Callable[[float], object] = time.sleep,
) -> tuple[Broken, ...]:
    """The invariants (all, unless ``checks`` are given) that are broken now.

    Two apps are never read at the same instant, and a step may be half way between them:
    only rows that break an invariant in every one of the readings count.
    """
    suspects = {
        known.sentence: (known, rows)
        for known in (invariants() if checks is None else checks)
        if (rows := _read(known.check()))
    }
    for seconds in delays:
        if not suspects:
            break
        sleep(seconds)
        suspects = {
            sentence: (known, rows)
            for sentence, (known, before) in suspects.items()
            if (rows := _still_there(before, _read(known.check())))
        }
    return tuple(
        Broken(invariant=sentence, rows=tuple(rows.values()))
        for sentence, (_, rows) in suspects.items()
    )


def _read(rows: Iterable[Row]) -> dict[Hashable, Row]:
    return {_identity(row): row for row in rows}


def _still_there(before: dict[Hashable, Row], now: dict[Hashable, Row]) -> dict[Hashable, Row]:
    return {which: row for which, row in now.items() if which in before}


def _identity(row: Row) -> tuple[str, Any]:
    name, value = next(iter(row.items()))
    return name, str(value)
