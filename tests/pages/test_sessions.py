"""Sessions that have expired are forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from extract.oidc.models import Account, SignIn
from shop.accounts import sessions
from shop.accounts.models import User
from shop.rights import own

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


def test_sign_ins_that_nobody_came_back_to_go_with_their_tokens(settings: Any) -> None:
    user = User.objects.create_user("ada@example.com")
    account = Account.objects.create(issuer="https://login.example.com", sub="1", user=user)
    tokens = dict.fromkeys(("access_token", "refresh_token", "id_token"), "a.b.c")
    now = timezone.now()
    old, young = (
        SignIn.objects.create(account=account, access_expires_at=now, **tokens) for _ in range(2)
    )
    idle = timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)
    SignIn.objects.filter(pk=old.pk).update(renewed_at=now - idle)
    sessions.forget_at_home()
    assert list(SignIn.objects.all()) == [young]


def test_an_export_names_sign_ins_without_their_tokens() -> None:
    user = User.objects.create_user("ada@example.com")
    account = Account.objects.create(issuer="https://login.example.com", sub="1", user=user)
    tokens = dict.fromkeys(("access_token", "refresh_token", "id_token"), "a.secret.token")
    SignIn.objects.create(account=account, access_expires_at=timezone.now(), sid="s-1", **tokens)
    rows = {name: list(rows) for name, rows in own.tables(user)}
    assert "s-1" in rows["sign_in"][0]
    assert '"1"' in rows["account"][0]
    assert "secret" not in "".join("".join(each) for each in rows.values())
