"""How many requests this process is at: Django's by its own signals, and internal ones."""

from __future__ import annotations

import threading
from typing import Any

from django.core.signals import request_finished, request_started

from extract.trust import internal_in_flight

_lock = threading.Lock()
_under_way = 0


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


def in_flight() -> int:
    """Requests that have begun and not ended."""
    return _under_way + internal_in_flight()
