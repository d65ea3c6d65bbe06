"""The loop of ``up``: tends the fleet, hears signals and operators, and ends in good order."""

from __future__ import annotations

import select
import signal
import socket
from collections import deque
from collections.abc import Callable
from types import FrameType

from extract.fleet.control import Caller, Door, Request, Said
from extract.fleet.fleet import Fleet
from extract.fleet.operations import Failed, Operation, end, restart, scale
from extract.fleet.plan import MOST

TICK = 0.1
"""Seconds between two rounds at most."""
ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class NeverUp(Exception):
    """Something that was wanted from the start cannot be started; the text says what and why."""


class Supervisor:
    """``watch`` is called in each round; ``say`` is told what operators are told."""

    def __init__(
        self, fleet: Fleet, door: Door, say: Callable[[str], None], watch: Callable[[], None]
    ) -> None:
        self._fleet = fleet
        self._door = door
        self._say = say
        self._watch = watch
        self._waiting: deque[tuple[Operation, Caller | None]] = deque()
        self._asked_to_end = 0
        self._ending = False
        self._was_complete = False

    def run(self) -> None:
        """Until the fleet has ended: by ``down``, SIGTERM, SIGINT or SIGHUP; a second one of
        these ends it at once. For the main thread. Raises ``NeverUp``."""
        # Any signal, a child's death among them, ends the pause between two rounds.
        bell, ringer = socket.socketpair()
        sources: list[socket.socket | Door] = [bell, self._door]
        bell.setblocking(False)
        ringer.setblocking(False)
        before = signal.set_wakeup_fd(ringer.fileno(), warn_on_full_buffer=False)
        # What is ignored, as nohup has it, stays so.
        heard = [number for number in ENDS if signal.getsignal(number) is not signal.SIG_IGN]
        handlers = {number: signal.signal(number, self._heard) for number in heard}
        handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda number, frame: None)
        try:
            while not (self._ending and not self._waiting):
                self._round()
                readable, _, _ = select.select(sources, [], [], TICK)
                if bell in readable:
                    bell.recv(4096)
        finally:
            self._fleet.kill()
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            bell.close()
            ringer.close()

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_end += 1

    def _round(self) -> None:
        if (asked := self._door.take()) is not None:
            self._accept(*asked)
        if self._asked_to_end and not self._ending:
            self._end(None)
        if self._asked_to_end > 1:
            self._fleet.kill()
        self._fleet.tend()
        self._advance()
        self._watch()
        # Later on, the others go on without what fails to start.
        self._was_complete = self._was_complete or self._fleet.is_up()
        if not (self._was_complete or self._ending) and (why := self._fleet.hopeless()):
            raise NeverUp(why)

    def _accept(self, request: Request, caller: Caller) -> None:
        match request:
            case Request(verb="down"):
                self._end(caller)
            case Request(verb="scale", role=role, count=count) if (
                role in self._fleet.instances and 0 <= count <= MOST
            ):
                self._queue(scale(self._fleet, role, count), caller)
            case Request(verb="restart", role=role) if role in ("", *self._fleet.instances):
                roles = [role] if role else list(self._fleet.instances)
                self._queue(restart(self._fleet, roles), caller)
            case _:
                caller.say(Said(failed=f"This fleet cannot do that: {request}."))
                caller.close()

    def _queue(self, operation: Operation, caller: Caller | None) -> None:
        if caller is not None and self._waiting:
            caller.say(Said(progress="waiting for what was asked before"))
        self._waiting.append((operation, caller))

    def _end(self, caller: Caller | None) -> None:
        """Instead of everything that was asked before."""
        if not self._ending:
            self._ending = True
            for operation, other in self._waiting:
                operation.close()
                _finish(other, Said(failed="The fleet is ending."))
            self._waiting.clear()
            self._waiting.append((end(self._fleet), caller))
        elif caller is not None:
            _finish(caller, Said(done="It is ending already"))

    def _advance(self) -> None:
        if not self._waiting:
            return
        operation, caller = self._waiting[0]
        try:
            if line := next(operation):
                self._say(line)
                if caller is not None:
                    caller.say(Said(progress=line))
            return
        except StopIteration as stop:
            last = Said(done=stop.value)
        except Failed as error:
            last = Said(failed=str(error))
        self._waiting.popleft()
        self._say(last.done or last.failed)
        _finish(caller, last)


def _finish(caller: Caller | None, last: Said) -> None:
    if caller is not None:
        caller.say(last)
        caller.close()
