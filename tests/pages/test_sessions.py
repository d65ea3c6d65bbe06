"""Sessions that have expired are forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from shop.accounts import sessions

pytestmark = pytest.mark.usefixtures("database")


def test_the_expired_go_and_the_others_stay(monkeypatch: Any) -> None:
    monkeypatch.setattr(sessions, "CHUNK", 2)
    now = timezone.now()
    for number in range(5):
        Session(session_key=f"old-{number}", expire_date=now - timedelta(seconds=1)).save()
    Session(session_key="young", expire_date=now + timedelta(hours=1)).save()
    sessions.forget_at_home()
    assert list(Session.objects.values_list("pk", flat=True)) == ["young"]


def test_only_home_has_sessions_to_forget(settings: Any) -> None:
    settings.EXTRACT_ROLE = "payment"
    Session(session_key="old", expire_date=timezone.now() - timedelta(days=1)).save()
    sessions.forget_at_home()
    assert Session.objects.exists()
