"""How a commit tells the worker of its own process that there is work."""

from __future__ import annotations

import os
import threading
from collections import defaultdict

_bells: defaultdict[str, list[threading.Event]] = defaultdict(list)


def listen(name: str) -> threading.Event:
    """An event that every ``wake`` of that name sets, until ``forget``."""
    bell = threading.Event()
    _bells[name].append(bell)
    return bell


def forget(name: str, bell: threading.Event) -> None:
    """Stop setting ``bell``."""
    if bell in _bells[name]:
        _bells[name].remove(bell)


def wake(*names: str) -> None:
    """Have the worker of this process, if it runs, look for work of these names (default: all)."""
    for name in names or tuple(_bells):
        for bell in tuple(_bells[name]):
            bell.set()


# The threads that listened did not come along.
os.register_at_fork(after_in_child=_bells.clear)
