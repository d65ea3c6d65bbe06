"""The layer's tables as the back office sees them, one proxy per app and table, and what audits
found. Proxies have no tables of their own; another app or table needs a migration
(``makemigrations operations``)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from extract.data.models import IdempotencyKey, Ownership
from extract.event.models import Beat, InboxEvent, OutboxEvent, RelayLease, Verdict
from extract.saga.models import SagaRun

TABLES: dict[type[models.Model], tuple[str, str]] = {
    OutboxEvent: ("outbox event", "outbox events"),
    InboxEvent: ("inbox event", "inbox events"),
    Verdict: ("verdict", "verdicts on dead letters"),
    SagaRun: ("saga", "sagas"),
    IdempotencyKey: ("idempotency key", "idempotency keys"),
    Ownership: ("ownership row", "ownership"),
    RelayLease: ("relay lease", "relay leases"),
    Beat: ("periodic work", "periodic works"),
}


def _proxy(app: str, table: type[models.Model]) -> type[models.Model]:
    one, many = TABLES[table]
    meta = {
        "proxy": True,
        "app_label": "operations",
        "verbose_name": f"{app} {one}",
        "verbose_name_plural": f"{app}: {many}",
    }
    body = {"__module__": __name__, "Meta": type("Meta", (), meta)}
    return type(f"{app.title()}{table.__name__}", (table,), body)


PROXIES = {(app, table): _proxy(app, table) for app in settings.APP_LABELS for table in TABLES}
"""The proxy by app label and table."""


class Audit(models.Model):
    """A reading of every invariant, in the ``period`` counted since the epoch.

    ``broken`` is JSON: a list of ``{"invariant", "count", "rows"}``, the rows as text and not all
    of them. Without ``ended_at`` it runs, or its process died; ``error`` is why it could not end.
    """

    period = models.PositiveBigIntegerField(primary_key=True, editable=False)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    broken = models.JSONField(default=list)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-period"]

    def __str__(self) -> str:
        return f"audit of {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def is_bad(self) -> bool:
        """Whether somebody should look at it."""
        return bool(self.broken or self.error)

    @property
    def outcome(self) -> str:
        """In a few words."""
        if self.error:
            return "could not be done"
        if self.ended_at is None:
            return "has not ended"
        if self.broken:
            return f"{len(self.broken)} broken"
        return "all invariants hold"
