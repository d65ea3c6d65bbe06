"""What ``up`` shows: a table that follows the fleet on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from extract.fleet.fleet import Fleet
from extract.fleet.restarting import Crew, Member, State
from extract.registry.overview import Seen, overview

EVERY = 0.25
ASK_EVERY = 2.0
"""Seconds between two questions to all instances for their health and load."""
COLOURS = {State.STARTING: "yellow", State.UP: "green", State.LEAVING: "magenta"}


class Board(Protocol):
    """``say`` a line; ``watch`` is called in each round of the supervisor.

    Whoever watched may have gone, their terminal closed: that is no fault of the fleet's.
    """

    def say(self, line: str) -> None: ...

    def watch(self) -> None: ...


class Lines:
    """For logs and pipes."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def say(self, line: str) -> None:
        with suppress(OSError):
            self._output.write(f"{datetime.now():%H:%M:%S} {line}\n")
            self._output.flush()

    def watch(self) -> None:
        """Every change is a line already."""


class LiveTable:
    """For a person; the lines go by above the table."""

    def __init__(self, live: Live) -> None:
        self.fleet: Fleet | None = None
        self._live = live
        self._due = 0.0
        self._seen: dict[str, Seen] = {}

    def say(self, line: str) -> None:
        with suppress(OSError):
            self._live.console.print(line, markup=False, highlight=False)

    def watch(self) -> None:
        if self.fleet is None or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + EVERY
        with suppress(OSError):
            self._live.update(table(self.fleet, self._seen), refresh=True)

    def ask(self, ended: threading.Event) -> None:
        """Ask the instances how they are until it ``ended``; in a thread of its own."""
        while not ended.is_set():
            self._seen = {seen.id: seen for seen in overview().instances}
            ended.wait(ASK_EVERY)


@contextmanager
def live_table(output: TextIO) -> Iterator[LiveTable]:
    """The board for the block. What this process logs to a terminal goes by above the table too."""
    ended = threading.Event()
    with Live(console=Console(file=output), auto_refresh=False) as live, _logs_as_lines():
        board = LiveTable(live)
        threading.Thread(target=board.ask, args=(ended,), name="board", daemon=True).start()
        try:
            yield board
        finally:
            ended.set()


@contextmanager
def _logs_as_lines() -> Iterator[None]:
    # Live has put a stand-in before standard error; the handlers still write past it.
    # A file's handler that has written nothing yet has no stream.
    handlers = [each for each in logging.root.handlers if isinstance(each, logging.StreamHandler)]
    on_terminals = [each for each in handlers if each.stream and each.stream.isatty()]
    before = [each.setStream(sys.stderr) for each in on_terminals]
    try:
        yield
    finally:
        for each, stream in zip(on_terminals, before, strict=True):
            each.setStream(stream)


def table(fleet: Fleet, seen: dict[str, Seen]) -> Table:
    """A row for each process; ``seen`` is what instances said of themselves, by id."""
    shown = Table("process", "up/wanted", "id", "address", "health", "load", "restarts")
    for crew in fleet.crews.values():
        members: list[Member | None] = [*crew.members]
        for member in members or [None]:
            shown.add_row(*_row(fleet, crew, member, seen))
    return shown


def _row(
    fleet: Fleet, crew: Crew, member: Member | None, seen: dict[str, Seen]
) -> tuple[str | Text, ...]:
    counts = f"{len(crew.up)}/{crew.wanted}"
    if member is None:
        return crew.name, counts, "", "", Text("none", style="dim"), "", str(crew.restarts)
    said = seen.get(member.id)
    health = Text(member.state.value, style=COLOURS[member.state])
    if said is not None and member.state is State.UP:
        health = Text(said.health, style="green" if said.health == "up" else "yellow")
    load = "" if said is None or said.load is None else str(said.load)
    is_instance = crew.name in fleet.instances
    id, address = (member.id, fleet.address_of(member)) if is_instance else ("", "")
    return member.name, counts, id, address, health, load, str(crew.restarts)
