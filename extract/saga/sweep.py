"""Resumes what a dead process left behind, and what is due again."""

from __future__ import annotations

from extract.event.worker import apps_served
from extract.saga.engine import resume_due


def sweep() -> int:
    """Resume every saga that is due in the apps that this process serves; returns how many."""
    return sum(resume_due(app) for app in apps_served())
