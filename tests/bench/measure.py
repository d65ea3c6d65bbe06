"""How figures are taken: two things in turn, many rounds, medians and their spread."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

import msgspec


class Figure(msgspec.Struct, kw_only=True):
    """One measured figure. ``value`` and ``baseline`` in ``unit``; ``n`` is how often each ran.

    ``ratio`` is the median over rounds of value ÷ baseline within the round; ``spread`` its
    smallest and largest.
    """

    name: str
    value: float
    unit: str
    n: int
    against: str = ""
    baseline: float | None = None
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    note: str = ""


def compare(
    name: str,
    measured: Callable[[], Any],
    against: str,
    baseline: Callable[[], Any],
    *,
    rounds: int = 15,
    times: int = 1000,
    note: str = "",
) -> Figure:
    """Time both in turn, ``times`` calls a round; figures in microseconds a call."""
    measured(), baseline()
    pairs = []
    for round_number in range(rounds):
        sides = [measured, baseline]
        order = (0, 1) if round_number % 2 == 0 else (1, 0)
        taken = [0.0, 0.0]
        for side in order:
            taken[side] = _time(sides[side], times)
        pairs.append((taken[0], taken[1]))
    ratios = [value / base for value, base in pairs]
    return Figure(
        name=name,
        value=statistics.median(value for value, _ in pairs),
        unit="µs",
        n=rounds * times,
        against=against,
        baseline=statistics.median(base for _, base in pairs),
        ratio=statistics.median(ratios),
        spread=(min(ratios), max(ratios)),
        note=note,
    )


def _time(function: Callable[[], Any], times: int) -> float:
    gc.collect()
    started = time.perf_counter()
    for _ in range(times):
        function()
    return (time.perf_counter() - started) / times * 1e6
