"""Whether this process lives, and whether it can serve: for orchestrators."""

from __future__ import annotations

import threading

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from apps.payment.queries import currency_kept
from extract.data import is_open

_migrated: set[str] = set()
_lock = threading.Lock()


def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers at all."""
    return JsonResponse({"status": "live"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 once every database answers and is migrated; else 503 and what is amiss."""
    if found := amiss():
        return JsonResponse({"status": "not ready", "databases": found}, status=503)
    return JsonResponse({"status": "ready"})


def amiss() -> dict[str, str]:
    """What is wrong with which database alias; empty if nothing is."""
    opened = (alias for alias in connections if is_open(alias))
    return {alias: word for alias in opened if (word := _amiss(alias))}


def _amiss(alias: str) -> str:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _is_migrated(alias):
            return "not migrated"
        return _other_currency() if alias == "payment" else ""
    except DatabaseError:
        return "does not answer"


def _is_migrated(alias: str) -> bool:
    """Asked of the database until it is so; it does not become unmigrated while we run."""
    if alias not in _migrated:
        with _lock:
            executor = MigrationExecutor(connections[alias])
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                return False
            _migrated.add(alias)
    return True


def _other_currency() -> str:
    """Prices on file are numbers: in another currency they would be other prices."""
    kept = currency_kept()
    if kept in ("", settings.CURRENCY):
        return ""
    return f"has orders in {kept}, and CURRENCY is {settings.CURRENCY}; a shop keeps its currency"
