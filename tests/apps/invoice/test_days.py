"""Whose day it is that stands on a document: the seller's, wherever the server is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from apps.invoice.models import Document
from apps.invoice.wording import document_words
from tests.apps.invoice.documents import issue

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize(
    ("zone", "moment", "day", "series"),
    [
        ("Europe/London", (2026, 6, 30, 23, 30), "1 July 2026", "2026"),
        ("Europe/London", (2026, 12, 31, 23, 30), "31 December 2026", "2026"),
        ("Europe/London", (2027, 1, 1, 0, 30), "1 January 2027", "2027"),
        ("Europe/Berlin", (2026, 12, 31, 23, 30), "1 January 2027", "2027"),
        ("America/New_York", (2027, 1, 1, 4, 30), "31 December 2026", "2026"),
        ("Pacific/Auckland", (2026, 12, 31, 11, 30), "1 January 2027", "2027"),
    ],
)
def test_the_seller_has_the_day(
    settings: Any, monkeypatch: pytest.MonkeyPatch,
    zone: str, moment: tuple[int, ...], day: str, series: str,
) -> None:  # fmt: skip
    settings.TIME_ZONE = zone
    now = datetime(*moment, tzinfo=UTC)  # type: ignore[arg-type,misc]
    monkeypatch.setattr(timezone, "now", lambda: now)
    number = issue(supplied_at=now).number
    assert number == f"{series}-000001"
    words = document_words(Document.objects.get(number=number))
    facts = dict(words["facts"])
    assert facts["Issue date"] == day
    assert facts["Supply date (tax point)"] == day
    issued = words["issued"]
    assert (issued["year"], f"{issued['day']}") == (int(day[-4:]), day.split()[0])
