"""What ``up`` shows on a terminal."""

from __future__ import annotations

import logging
import os
import pty
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, TextIO

import pytest

from extract.fleet.board import live_table

NOBODY: Any = SimpleNamespace(crews={}, instances=())


END = b"\x05"
"""Nobody else writes it."""


class Terminal:
    """``shown()`` is what was written to it since the last time."""

    def __init__(self) -> None:
        self._reading, writing = pty.openpty()
        self.output: TextIO = os.fdopen(writing, "w")

    def shown(self) -> str:
        # The kernel hands on what is written in its own time, but in order.
        self.output.flush()
        os.write(self.output.fileno(), END)
        shown = b""
        while not shown.endswith(END):
            shown += os.read(self._reading, 100_000)
        return shown.removesuffix(END).decode()

    def close(self) -> None:
        self.output.close()
        os.close(self._reading)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    for name, value in {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    yield terminal
    terminal.close()


@pytest.fixture
def handler(terminal: Terminal) -> Iterator[logging.StreamHandler[TextIO]]:
    """What this process logs goes to the terminal."""
    handler = logging.StreamHandler(terminal.output)
    logging.root.addHandler(handler)
    yield handler
    logging.root.removeHandler(handler)


def test_lines_and_logs_go_by_above_the_table(
    terminal: Terminal, handler: logging.StreamHandler[TextIO]
) -> None:
    with live_table(terminal.output) as board:
        board.fleet = NOBODY
        board.watch()
        assert "up/wanted" in terminal.shown()
        board.say("product is [away]")
        said = terminal.shown()
        assert said.index("product is [away]") < said.index("up/wanted")
        logging.getLogger("extract.test").warning("the registry is [away]")
        logged = terminal.shown()
        assert logged.index("the registry is [away]") < logged.index("up/wanted")
    terminal.shown()
    logging.getLogger("extract.test").warning("it is over")
    assert terminal.shown() == "it is over\r\n"
    assert handler.stream is terminal.output


def test_logs_that_go_elsewhere_still_do(terminal: Terminal, tmp_path: Any) -> None:
    with (tmp_path / "log").open("w") as file:
        handler = logging.StreamHandler(file)
        logging.root.addHandler(handler)
        try:
            with live_table(terminal.output):
                logging.getLogger("extract.test").warning("the registry is away")
        finally:
            logging.root.removeHandler(handler)
    assert (tmp_path / "log").read_text() == "the registry is away\n"
    assert "the registry is away" not in terminal.shown()
