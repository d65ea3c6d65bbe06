"""Having the fleet that runs on this machine scaled."""

from __future__ import annotations

from extract.fleet.control import Request, told
from extract.registry.running import current


class NotScaled(Exception):
    """The message says why."""


def can_scale() -> bool:
    """Whether a fleet runs here that can be told."""
    return current() is not None


def scale_fleet(role: str, count: int) -> str:
    """Ask for so many instances, and wait for the first word only. Raises ``NotScaled``."""
    running = current()
    if running is None:
        raise NotScaled("No fleet is up on this machine: scale where the instances are started.")
    try:
        said = next(told(running.socket, Request("scale", role, count)), None)
    except OSError as error:
        raise NotScaled(f"The fleet cannot be told: {error.strerror or error}.") from error
    if said is None or said.failed:
        raise NotScaled(said.failed if said else "The fleet ended before it answered.")
    return f"{said.progress or said.done}."
