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
    pairs = in_turn(lambda: _time(measured, times), lambda: _time(baseline, times), rounds)
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


def in_turn(
    measured: Callable[[], float], baseline: Callable[[], float], rounds: int
) -> list[tuple[float, float]]:
    """What both gave in each round; who is first changes from round to round."""
    pairs = []
    for number in range(rounds):
        if number % 2 == 0:
            ours, theirs = measured(), baseline()
        else:
            theirs, ours = baseline(), measured()
        pairs.append((ours, theirs))
    return pairs


def _time(function: Callable[[], Any], times: int) -> float:
    gc.collect()
    started = time.perf_counter()
    for _ in range(times):
        function()
    return (time.perf_counter() - started) / times * 1e6
