"""What ``/admin/`` shows: whether the shop is all right, and what needs somebody."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from shop.operations.figures import Figure, figures
from shop.operations.models import Audit
from shop.operations.navigation import INNER, behind
from shop.operations.reading import Reading, page_of
from shop.operations.week import week


def first_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's ``DASHBOARD_CALLBACK``: the index page's context and what this page adds."""
    reading = Reading(request)
    counted = figures(reading)
    audit = Audit.objects.first() if reading.may_see(Audit) else None
    needing = [each for each in counted if each.count]
    context.update(
        title="Overview",
        week=week(reading),
        figures=sorted(counted, key=_most_pressing),
        needing=len(needing) + bool(audit and audit.is_bad),
        may_see_audit=reading.may_see(Audit),
        audit=audit,
        audit_page=page_of(audit) if audit else "",
        away=sorted(reading.away),
        behind=behind(request),
        app_list=[app for app in context["app_list"] if app["app_label"] != INNER],
    )
    return context


def _most_pressing(figure: Figure) -> int:
    """What is not known comes first, then what is there; in the order they are asked in."""
    return 0 if figure.count is None else 1 if figure.count else 2
