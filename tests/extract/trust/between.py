"""Another thread that comes in between any two steps of the interpreter, one after the other."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TypeVar

R = TypeVar("R")

PATIENCE = 0.05
"""Seconds for which the first waits for the other, which may have to wait for the first."""


def at_every_step(
    scene: Callable[[], tuple[Callable[[], R], Callable[[], object]]],
) -> Iterator[tuple[int, R]]:
    """``scene()`` makes ``(function, other)`` anew; gives, for each step, its number and what
    ``function`` returned when ``other`` ran in another thread before that step."""
    step = 0
    while True:
        function, other = scene()
        came, result = _with_another(function, other, step)
        if not came:
            return
        yield step, result
        step += 1


def _with_another(
    function: Callable[[], R], other: Callable[[], object], step: int
) -> tuple[bool, R]:
    others: list[threading.Thread] = []
    passed = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal passed
        frame.f_trace_opcodes = True
        if event == "opcode":
            if passed == step:
                others.append(threading.Thread(target=other))
                others[0].start()
                others[0].join(PATIENCE)
            passed += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        result = function()
    finally:
        sys.settrace(before)
    for each in others:
        each.join()
    return bool(others), result
