"""Puts the faults before what issues invoices."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings


class PlantedConfig(AppConfig):
    name = "tests.load.planted"

    def ready(self) -> None:
        from apps.invoice.provider import InvoiceProvider
        from tests.load.planted.faults import suffer

        issue = InvoiceProvider.issue

        @functools.wraps(issue)
        def suffered(*args: Any, **kwargs: Any) -> Any:
            suffer(Path(settings.DATA_DIR), settings.EXTRACT_INSTANCE)
            return issue(*args, **kwargs)

        InvoiceProvider.issue = suffered  # type: ignore[method-assign]
