"""What opens an account stays out of the logs."""

from __future__ import annotations

import logging
from urllib.parse import quote

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client

from shop.accounts import links
from shop.accounts.models import User


@pytest.mark.usefixtures("database")
def test_links_of_mails_are_not_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    user = User.objects.create_user("ada@example.com", "correct-horse-9")
    token = default_token_generator.make_token(user)
    register, prove = links.to_register("bo@example.com"), links.to_prove(user, "b@example.com")
    with caplog.at_level(logging.INFO, "django_structlog"):
        client.get(f"/accounts/register/{register}/")
        client.get(f"/accounts/address/{prove}/", follow=True)
        client.get(f"/accounts/password-reset/MQ/{token}/")
        client.get("/accounts/login/", {"next": f"/accounts/address/{prove}/"})
        client.get("/accounts/again/", {"next": f"/accounts/address/{prove}/"}, follow=True)
    said = "\n".join(str(record.msg) for record in caplog.records)
    assert "/accounts/register/…/" in said
    assert "/accounts/password-reset/MQ/…/" in said
    for secret in (register, prove, token):
        assert secret not in said
        assert quote(secret) not in said


@pytest.mark.usefixtures("database")
def test_sign_ins_are_security_events_without_a_credential(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    user = User.objects.create_user("ada@example.com", "correct-horse-9")
    with caplog.at_level(logging.INFO):
        client.post("/accounts/login/", {"username": "ada@example.com", "password": "a-guess-1"})
        client.post(
            "/accounts/login/", {"username": "ada@example.com", "password": "correct-horse-9"}
        )
        client.post("/accounts/logout/")
        client.get("/accounts/login/?code=a-secret-code&state=a-secret-state&x=1")
    events = [
        (record.msg["event.action"], record.msg["event.outcome"], record.msg.get("subject", ""))
        for record in caplog.records
        if isinstance(record.msg, dict) and "event.action" in record.msg
    ]
    subject = str(user.subject)
    assert events == [
        ("login", "failure", ""), ("login", "success", subject), ("logout", "success", subject),
    ]  # fmt: skip
    said = "\n".join(str(record.msg) for record in caplog.records)
    for secret in ("a-guess-1", "correct-horse-9", "a-secret-code", "a-secret-state"):
        assert secret not in said


@pytest.mark.usefixtures("database")
def test_answers_and_tokens_of_an_authorization_server_are_not_logged(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    token = f"eyJhbGciOiJSUzI1NiJ9.{'p' * 40}.{'s' * 40}"
    with caplog.at_level(logging.INFO, "django_structlog"):
        client.get("/accounts/callback/?state=a-state&session_state=a-sid&iss=it&code=a-code")
        client.get("/api/orders/", {"access_token": token})
        client.get("/api/orders/", {"Authorization": f"Bearer {token}"})
    said = "\n".join(str(record.msg) for record in caplog.records)
    assert "/accounts/callback/?state=…&session_state=…&iss=it&code=…" in said
    for secret in ("a-state", "a-sid", "a-code", *token.split(".")[1:]):
        assert secret not in said
