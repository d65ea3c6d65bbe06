"""How many requests this process is at: Django's by its own signals, and internal ones."""

from __future__ import annotations

import itertools
from typing import Any

from django.core.signals import request_finished, request_started

from extract.trust import internal_in_flight

# Counting up is one step of the interpreter, so no lock is needed.
_started, _finished = itertools.count(), itertools.count()
_begun = _ended = 0


def _start(**kwargs: Any) -> None:
    global _begun
    _begun = next(_started) + 1


def _finish(**kwargs: Any) -> None:
    global _ended
    _ended = next(_finished) + 1


def count() -> None:
    """Begin to count, in a process that serves."""
    request_started.connect(_start)
    request_finished.connect(_finish)


def in_flight() -> int:
    """Requests that have begun and not ended."""
    return _begun - _ended + internal_in_flight()
