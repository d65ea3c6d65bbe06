"""How much is published, and what is done meanwhile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Times in seconds. At most ``backlog`` events are under way at a time."""

    events: int = 10_000
    things: int = 800
    rate: float = 40.0
    backlog: int = 1000
    kill_every: tuple[float, float] = (2.0, 5.0)
    broker_every: float = 30.0
    most: int = 10_000
    """How often each kind of process is killed."""
    step: float = 4.0
    """How long a step may take: a claim lapses after 1.25 times that."""
    relay_lease: float = 2.0
    send_again: float = 8.0
    linger: float = 30.0
    """For how long what came late may still do harm after everything was handled; on Redis, a
    message that was taken and not acknowledged comes back after four steps, and ten seconds in
    which nobody looks."""
    patience: float = 240.0
    """After which it counts as stuck if nothing was handled."""

    def environment(self) -> dict[str, str]:
        return {
            "EXTRACT_STEP_SECONDS": str(self.step),
            "EXTRACT_RELAY_LEASE": str(self.relay_lease),
            "SOAK_SEND_AGAIN": str(self.send_again),
        }


SHORT = Plan(
    events=200, things=20, rate=25.0, backlog=100, kill_every=(1.0, 2.0), broker_every=3.0, most=1,
    step=3.0, send_again=2.0, linger=3.0, patience=60.0,
)  # fmt: skip
