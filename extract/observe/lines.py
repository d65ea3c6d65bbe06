"""Where lines go: a stream, or files that are begun anew once they are long."""

from __future__ import annotations

import logging
import os
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path

LONGEST = 64 * 1024 * 1024
"""Bytes of a file before another is begun. The one before is kept beside it."""
LOOK_EVERY = 500
"""Lines between two looks at how long the file is."""


class Lines(logging.StreamHandler):  # type: ignore[type-arg]
    """A stream, as the standard library's handler; also for lines that are text already."""

    def put(self, line: bytes) -> None:
        """Write a whole line."""
        with self.lock:  # type: ignore[union-attr]
            self.stream.write(line.decode() + self.terminator)
            self.flush()


class KeptLines(WatchedFileHandler):
    """A file that several processes append to, each line in one write.

    Whoever finds it too long sets it aside, as ``.1``; the others notice and follow.
    """

    def __init__(self, filename: str, longest: int = LONGEST) -> None:
        super().__init__(filename, encoding="utf-8", delay=True)
        self.longest = longest
        self._until_look = 0

    def emit(self, record: logging.LogRecord) -> None:
        self._bound()
        super().emit(record)

    def put(self, line: bytes) -> None:
        """Write a whole line."""
        with self.lock:  # type: ignore[union-attr]
            self._bound()
            if self.stream is None:
                self.stream = self._open()
                self._statstream()
            # Nothing waits in the stream: each of its lines is flushed.
            os.write(self.stream.fileno(), line + b"\n")

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A line that does not fit into the buffer would be several writes, and others' in between.
        return path.open("a", buffering=1 << 20, encoding="utf-8")

    def _bound(self) -> None:
        self._until_look -= 1
        if self._until_look > 0:
            return
        self._until_look = LOOK_EVERY
        path = Path(self.baseFilename)
        if path.exists() and path.stat().st_size > self.longest:
            path.replace(path.with_name(f"{path.name}.1"))
        self.reopenIfNeeded()


def json_handlers() -> list[Lines | KeptLines]:
    """Those of the root logger that write JSON."""
    return [
        each
        for each in logging.getLogger().handlers
        if isinstance(each, Lines | KeptLines) and each.get_name() != "text"
    ]
