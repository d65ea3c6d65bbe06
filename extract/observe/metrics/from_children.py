"""How what a worker's children count gets to their parent: by a pipe, a line of JSON each time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from extract.observe.metrics.series import Observation

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Observation]).decode


class FromChildren:
    """Made before the fork. The parent gives ``add`` what its children ``tell``."""

    def __init__(self, add: Callable[[Sequence[Observation]], None]) -> None:
        self._add = add
        self._read, self._write = os.pipe()
        # Work does not wait until it was counted.
        os.set_blocking(self._write, False)
        self.is_child = False
        os.register_at_fork(after_in_child=self._become_child)

    def start(self) -> None:
        threading.Thread(target=self._listen, name="metrics-children", daemon=True).start()

    def tell(self, observed: Sequence[Observation]) -> None:
        """A line is shorter than what a pipe takes as a whole, so lines do not mix. While the pipe
        is full it is lost."""
        with suppress(OSError):
            os.write(self._write, _encode(observed) + b"\n")

    def _listen(self) -> None:
        with os.fdopen(self._read, "rb") as lines:
            for line in lines:
                self._add(_decode(line))

    def _become_child(self) -> None:
        self.is_child = True
