"""What an operator asks of a running fleet. Each is a generator that is resumed from time to
time: it yields a line of progress, or None while it waits, and returns the last line."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable

from extract.fleet.fleet import AGENT, REDIS, Fleet
from extract.fleet.plan import apps, usual_workers, worker_of
from extract.fleet.restarting import Crew, Member, State
from extract.trust import GATEWAY, HOME

Operation = Generator[str | None, None, str]

PATIENCE = 60.0
"""Seconds that new instances have to register."""
HEARD = 0.5
"""Seconds after which everybody knows of a new instance."""


class Failed(Exception):
    """It was not done within its time. The message says what is the case instead."""


def scale(fleet: Fleet, role: str, count: int) -> Operation:
    """Until as many of the role are registered, and the others have ended. Workers of an app go
    home with it, and come out with it."""
    crew = fleet.instances[role]
    before, crew.wanted = crew.wanted, count
    if role in apps() and bool(before) != bool(count):
        workers = worker_of(role)
        yield from scale(fleet, workers, usual_workers(role, count))
    yield f"{role}: from {len(crew.staying)} to {count} instances"
    yield from _until(lambda: len(crew.up) >= count and len(crew.staying) == count, [crew])
    while len(crew.members) != count:
        yield None
    return f"{role} has {count} instances"


def restart(fleet: Fleet, roles: Iterable[str]) -> Operation:
    """One after the other: a new instance, then the old one goes."""
    chosen = [fleet.instances[role] for role in roles]
    for crew in chosen:
        for member in crew.staying:
            yield from _replace(crew, member)
    while any(member.state is State.LEAVING for crew in chosen for member in crew.members):
        yield None
    return "Restarted: " + ", ".join(f"{crew.name} ({crew.wanted})" for crew in chosen)


def end(fleet: Fleet) -> Operation:
    """The gateway takes nothing in any more, but finishes what it has; then the apps go, then
    home, which they may need, then what they found each other by."""
    others = [name for name in fleet.instances if name != HOME]
    for names in ([GATEWAY], [*others, AGENT], [HOME], [REDIS]):
        if names == [REDIS]:
            fleet.view.stop()
        crews = [fleet.crews[name] for name in names if name in fleet.crews]
        ending = [member.name for crew in crews for member in crew.members]
        for crew in crews:
            crew.wanted = crew.extra = 0
        if ending:
            yield f"ending {', '.join(ending)}"
        while any(crew.members for crew in crews):
            yield None
    return "Everything has ended"


def _replace(crew: Crew, old: Member) -> Operation:
    others = {id(member) for member in crew.members}
    crew.extra += 1

    def there() -> bool:
        return old not in crew.staying or any(
            id(member) not in others and time.monotonic() - member.since > HEARD
            for member in crew.up
        )

    try:
        yield f"{old.name}: waiting for another instance"
        yield from _until(there, [crew])
        if old in crew.staying:
            crew.dismiss(old)
    finally:
        crew.extra -= 1
    return ""


def _until(done: Callable[[], bool], crews: list[Crew]) -> Generator[None, None, None]:
    until = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > until:
            logs = ", ".join(
                str(member.child.log)
                for crew in crews
                for member in crew.members
                if member.state is State.STARTING
            )
            raise Failed(
                f"New instances did not register within {PATIENCE:g} s; it goes on being tried. "
                f"See {logs or 'the logs'}."
            )
        yield None
