"""How events leave this process."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from extract.event.transport import InProcess, Transport
from extract.queue.sending import Queued
from extract.trust import HOME


def way() -> Transport | None:
    """Through the broker, if there is one; else inside the process, if the subscribers' databases
    are open here; else not at all: home does it."""
    if settings.CELERY_BROKER_URL:
        return Queued(import_string(settings.EXTRACT_CELERY))
    return InProcess() if settings.EXTRACT_ROLE in ("", HOME) else None
