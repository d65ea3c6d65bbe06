"""The audit of all databases, run by home a few times a day, and what it found."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from extract.audit import Broken, audit
from extract.trust import HOME
from shop.operations.models import Audit

EVERY = timedelta(hours=6)
LOOK_EVERY = 60.0
"""Seconds."""
KEPT = timedelta(days=90)
ROWS_KEPT = 20
"""Of each invariant that is broken; ``extract audit`` names them all."""


def audit_at_home() -> None:
    """The chore of every process that serves as home, which alone has all databases."""
    if settings.EXTRACT_ROLE in ("", HOME):
        audit_if_due()


def audit_if_due() -> Audit | None:
    """Audit, unless some process has in this period."""
    period = int(timezone.now().timestamp() / EVERY.total_seconds())
    if Audit.objects.filter(period=period).exists():
        return None
    ours, is_new = Audit.objects.get_or_create(period=period)
    return _audited(ours) if is_new else None


def _audited(ours: Audit) -> Audit:
    try:
        ours.broken = [_kept(each) for each in audit()]
    except Exception as error:
        ours.error = f"{type(error).__name__}: {error}"
        raise
    finally:
        ours.ended_at = timezone.now()
        ours.save()
        Audit.objects.filter(started_at__lt=timezone.now() - KEPT).delete()
    return ours


def _kept(broken: Broken) -> dict[str, object]:
    rows = [
        ", ".join(f"{name} {value}" for name, value in row.items())
        for row in broken.rows[:ROWS_KEPT]
    ]
    return {"invariant": broken.invariant, "count": len(broken.rows), "rows": rows}
