"""The processes of one kind: how many there are, are wanted, and when to start the next one."""

from __future__ import annotations

import enum
import secrets
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from extract.fleet.child import Child

LONGEST_DELAY = 5.0
"""Seconds at most between two starts of what fails to start."""
HOPELESS = 5
"""Starts in a row that failed, of a kind of which none was ever up."""
STRAGGLER = 35.0
"""Seconds after which what was asked to end is ended."""


class State(enum.Enum):
    STARTING = "starting"
    UP = "up"
    LEAVING = "leaving"


class Launch(msgspec.Struct, frozen=True):
    """A process to start: its command and its whole environment."""

    command: Sequence[str]
    env: Mapping[str, str]


class Member:
    """One process. ``id`` tells it from all that ever were, ``name`` from its crew's others."""

    def __init__(self, id: str, name: str, child: Child) -> None:
        self.id = id
        self.name = name
        self.child = child
        self.state = State.STARTING
        self.since = child.started_at

    def enter(self, state: State) -> None:
        self.state = state
        self.since = time.monotonic()


class Crew:
    """``wanted`` processes, and ``extra`` ones while some are being replaced.

    ``launch`` tells what to start for an id; ``is_up`` whether a member does what it is there
    for; ``ends_by`` is how one is asked to end. ``say`` is told of every change.
    """

    def __init__(
        self,
        name: str,
        launch: Callable[[str], Launch],
        is_up: Callable[[Member], bool],
        logs: Path,
        say: Callable[[str], None],
        *,
        ends_by: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.wanted = self.extra = 0
        self.members: list[Member] = []
        self.restarts = 0
        self._launch = launch
        self._is_up = is_up
        self._logs = logs
        self._say = say
        self._ends_by = ends_by
        self._failures = 0
        self._rests_until = 0.0
        self._was_up = False
        self.hopeless = ""
        """Why none will ever be up, once that is plain."""

    @property
    def staying(self) -> list[Member]:
        """All but those that leave."""
        return [member for member in self.members if member.state is not State.LEAVING]

    @property
    def up(self) -> list[Member]:
        return [member for member in self.members if member.state is State.UP]

    def tend(self) -> None:
        """See who ended, who is up now, and come closer to what is wanted."""
        for member in tuple(self.members):
            if (code := member.child.ended()) is not None:
                self._lose(member, code)
            elif member.state is State.STARTING and self._is_up(member):
                self._failures = 0
                self._was_up = True
                member.enter(State.UP)
                took = member.since - member.child.started_at
                self._say(f"{member.name} is up, as {member.id}, after {took:.1f} s")
            elif member.state is State.LEAVING and time.monotonic() - member.since > STRAGGLER:
                self._say(f"{member.name} did not end within {STRAGGLER:g} s and is killed")
                member.child.kill()
        surplus = len(self.staying) - self.wanted - self.extra
        for _ in range(surplus):
            self.dismiss(max(self.staying, key=_expendable))
        if surplus < 0 and time.monotonic() >= self._rests_until:
            for _ in range(-surplus):
                self._start()

    def dismiss(self, member: Member) -> None:
        """Ask one to end."""
        member.enter(State.LEAVING)
        member.child.ask_to_end(self._ends_by)

    def kill(self) -> None:
        """All of them, at once."""
        for member in self.members:
            if member.state is not State.LEAVING:
                member.enter(State.LEAVING)
            member.child.kill()

    def _start(self) -> None:
        taken = {member.name for member in self.members}
        names = (f"{self.name}-{number}" for number in range(1, len(taken) + 2))
        name = next(name for name in names if name not in taken)
        id = secrets.token_hex(4)
        launch = self._launch(id)
        child = Child(launch.command, launch.env, self._logs / f"{name}.log")
        self.members.append(Member(id, name, child))

    def _lose(self, member: Member, code: int) -> None:
        self.members.remove(member)
        if member.state is State.LEAVING:
            self._say(f"{member.name} has ended")
            return
        self.restarts += 1
        if member.state is State.STARTING:
            rest = min(LONGEST_DELAY, 0.25 * 2.0**self._failures)
            self._failures += 1
            self._rests_until = time.monotonic() + rest
            if self._failures >= HOPELESS and not self._was_up:
                self.hopeless = (
                    f"{self.name} never came up in {self._failures} starts "
                    f"({_ending(code)}): {member.child.last_words()}"
                )
            self._say(
                f"{member.name} ended before it was up ({_ending(code)}; see {member.child.log}); "
                f"it is started again in {rest:g} s"
            )
        else:
            self._say(f"{member.name} ended by itself ({_ending(code)}) and is replaced")


def _expendable(member: Member) -> tuple[bool, float]:
    return member.state is State.STARTING, member.since


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
