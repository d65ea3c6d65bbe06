"""Named points at which a process kills itself when told to, to show that nothing is lost.

``EXTRACT_KILL_AT=relay.sent`` kills at that point; ``relay.sent:3`` the third time it is
reached. ``EXTRACT_STOP_AT`` stops the process there, until somebody continues it. Read once,
at import: without them a point does nothing.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Final

KILL_POINTS: Final[dict[str, KillPoint]] = {}
"""Every point declared so far, by name."""

_KILL_AT, _STOP_AT = (os.environ.get(f"EXTRACT_{what}_AT", "") for what in ("KILL", "STOP"))
_NAME, _, _COUNT = (_KILL_AT or _STOP_AT).partition(":")
_SIGNAL = signal.SIGKILL if _KILL_AT else signal.SIGSTOP


class KillPoint:
    """A point named once, at import (``sent = KillPoint("relay.sent")``), and called there.

    Raises ``ValueError`` when the name is taken.
    """

    __slots__ = ("_left", "name")

    def __init__(self, name: str) -> None:
        if name in KILL_POINTS:
            raise ValueError(f"There is a kill point {name!r} already; name this one differently.")
        self.name = name
        self._left = int(_COUNT or 1) if name == _NAME else 0
        KILL_POINTS[name] = self

    def __call__(self) -> None:
        if self._left:
            self._reached()

    def _reached(self) -> None:
        self._left -= 1
        if not self._left:
            # To this thread: one sent to the process may leave it running a little longer.
            signal.pthread_kill(threading.get_ident(), _SIGNAL)
