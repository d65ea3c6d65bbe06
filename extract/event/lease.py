"""One relay per outbox: the right to relay is a row that lapses if its holder dies."""

from __future__ import annotations

import os
import socket
import time
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from extract.data import alias_of, owned
from extract.event.models import RelayLease

NOBODY = ""


class LeaseLost(Exception):
    """The lease lapsed and another relay took it: nothing was written here."""

    def __init__(self, app: str) -> None:
        super().__init__(f"Another relay has taken the outbox of {app!r} over; it goes on there.")


class Lease:
    """The right of one relay to work on the outbox of ``app``, for some seconds at a time.

    ``is_inherited``: whoever held it before never gave it back, so it died or hangs.
    """

    def __init__(self, app: str) -> None:
        self.app = app
        self.holder = f"{socket.gethostname()[:20]}/{os.getpid()}/{uuid.uuid4().hex[:24]}"
        self.is_inherited = False
        self._renewed = 0.0
        self._rows = RelayLease.objects.using(alias_of(app))

    def take(self) -> bool:
        """Take the lease, unless another relay holds it."""
        others = self._rows.filter(pk=self.app).exclude(holder__in=(self.holder, NOBODY))
        if others.filter(until__gt=Now()).exists():
            return False
        free = Q(until__lte=Now()) | Q(holder=self.holder)
        with owned(self.app):
            self.is_inherited = others.exists()
            taken = self._rows.filter(free, pk=self.app).update(
                holder=self.holder, until=Now() + _length()
            )
            if not taken:
                first = RelayLease(app=self.app, holder=self.holder, until=Now() + _length())
                self._rows.bulk_create([first], ignore_conflicts=True)
                taken = self._rows.filter(pk=self.app, holder=self.holder).count()
        self._renewed = time.monotonic()
        return bool(taken)

    def renew_in_time(self) -> None:
        """Renew the lease if a third of it has passed. Raises ``LeaseLost``."""
        if time.monotonic() - self._renewed > _length().total_seconds() / 3:
            with owned(self.app):
                self._keep(until=Now() + _length())

    def release(self) -> None:
        """Give the lease back, inside ``owned(app)``: the fence of what else is written there.

        Whatever this transaction writes, it writes as the holder or not at all, since the
        row stays locked until it ends. Raises ``LeaseLost``.
        """
        self._keep(until=Now(), holder=NOBODY)

    def _keep(self, **columns: Any) -> None:
        if not self._rows.filter(pk=self.app, holder=self.holder).update(**columns):
            raise LeaseLost(self.app)
        self._renewed = time.monotonic()


def _length() -> timedelta:
    return timedelta(seconds=float(getattr(settings, "EXTRACT_RELAY_LEASE", 5.0)))
