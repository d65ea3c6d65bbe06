"""How many requests this process is at: Django's by its own signals, and internal ones."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.core.signals import request_finished, request_started

from extract.trust import internal_in_flight

_lock = threading.Lock()
_under_way = 0
_others: list[Callable[[], int]] = []


def _start(**kwargs: Any) -> None:
    global _under_way
    with _lock:
        _under_way += 1


def _finish(**kwargs: Any) -> None:
    global _under_way
    with _lock:
        _under_way -= 1


def count() -> None:
    """Begin to count, in a process that serves."""
    request_started.connect(_start)
    request_finished.connect(_finish)


def count_also(work: Callable[[], int]) -> None:
    """Have ``work`` say how much of another kind is under way as well."""
    _others.append(work)


def in_flight() -> int:
    """Requests, and whatever else counts, that have begun and not ended."""
    return _under_way + internal_in_flight() + sum(work() for work in _others)
