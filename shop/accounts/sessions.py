"""Forgets sessions that have expired: Django only stops to believe them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from extract.oidc.models import SignIn
from extract.trust import HOME
from shop.accounts.models import User

logger = structlog.get_logger(__name__)

FORGET_EVERY = 3600.0
"""Seconds."""
CHUNK = 1000


def forget_expired() -> int:
    """Delete them, a few at a time; returns how many. Several processes may do it at once. Of an
    authorization server's sign-ins, those that nobody has come back to for as long."""
    idle = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    SignIn.objects.filter(renewed_at__lt=timezone.now() - idle).delete()
    expired = Session.objects.filter(expire_date__lt=timezone.now())
    forgotten = 0
    while keys := list(expired.values_list("pk", flat=True)[:CHUNK]):
        forgotten += expired.filter(pk__in=keys).delete()[0]
    return forgotten


def sessions_of(user: User) -> Iterator[tuple[Session, dict[str, Any]]]:
    """The sessions in which the user is signed in, each with what is kept in it. All there are have
    to be looked at: whose one is stands in its content."""
    for session in Session.objects.filter(expire_date__gte=timezone.now()).iterator(CHUNK):
        kept = session.get_decoded()
        if kept.get(SESSION_KEY) == str(user.pk):
            yield session, kept


def forget_at_home() -> None:
    """The chore of every process that serves as home; sessions are home's."""
    if settings.EXTRACT_ROLE in ("", HOME) and (forgotten := forget_expired()):
        logger.info("sessions.forgotten", sessions=forgotten)
