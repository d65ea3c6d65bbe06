"""How long an event's steps may take."""

from __future__ import annotations

from django.conf import settings

GRACE = 1.25
"""Steps that do not end when their time is up are killed after so much of it."""


def step_seconds() -> float:
    """Seconds that one run of an event's steps is given."""
    return float(getattr(settings, "EXTRACT_STEP_SECONDS", 20.0))


def longest_steps() -> float:
    """Seconds after which no run of them goes on."""
    return step_seconds() * GRACE
