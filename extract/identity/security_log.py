"""Security events in the log, by the names of the Elastic Common Schema; never a credential."""

from __future__ import annotations

from typing import Literal

import structlog
from django.http import HttpRequest

logger = structlog.get_logger(__name__)

SUCCESS: Literal["success"] = "success"
FAILURE: Literal["failure"] = "failure"


def security_event(
    action: str,
    outcome: Literal["success", "failure"] = SUCCESS,
    *,
    subject: str = "",
    reason: str = "",
    request: HttpRequest | None = None,
    category: str = "authentication",
) -> None:
    """A line of its own: what was done, by whom as far as that is known, from where, and why it
    failed or came about. ``action`` is a word like ``login``."""
    said: dict[str, object] = {
        "event.kind": "event",
        "event.category": [category],
        "event.action": action,
        "event.outcome": outcome,
    }
    if reason:
        said["event.reason"] = reason
    if subject:
        said["subject"] = subject
    if request is not None:
        said["ip"] = request.META.get("REMOTE_ADDR", "")
    log = logger.info if outcome == SUCCESS else logger.warning
    log(f"security.{action}", **said)
