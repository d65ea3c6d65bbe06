"""Who a caller is: by session with CSRF, by HTTP Basic where allowed, and by nothing else."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from extract.edge.throttle import api_bucket
from shop.accounts import brake


def basic(email: str, password: str) -> dict[str, str]:
    credential = base64.b64encode(f"{email}:{password}".encode()).decode()
    return {"Authorization": f"Basic {credential}"}


def test_nobody_is_nobody(edge: Client) -> None:
    assert edge.get("/api/echo/").json() == {"subject": "", "roles": []}


def test_an_identity_header_from_outside_is_dropped(edge: Client, ada: Any) -> None:
    forged = {"X-Identity": f"{ada.subject}"}
    assert edge.get("/api/echo/", headers=forged).json()["subject"] == ""
    assert edge.get("/api/private/", headers=forged).status_code == 401


def test_a_session_is_its_subject(edge: Client, ada: Any) -> None:
    edge.force_login(ada)
    answer = edge.get("/api/private/")
    assert answer.json() == {"subject": str(ada.subject), "roles": ["customer"]}
    assert edge.get("/api/staff/").status_code == 403


def test_a_write_with_a_session_needs_its_csrf_token(edge: Client, ada: Any) -> None:
    edge.force_login(ada)
    body: dict[str, Any] = {"data": {"quantity": 1}, "content_type": "application/json"}
    answer = edge.post("/api/echo/", **body)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/csrf-failed")
    edge.cookies["csrftoken"] = "a" * 32
    allowed = edge.post("/api/echo/", **body, headers={"X-CSRFToken": "a" * 32})
    assert allowed.status_code == 200
    foreign = {"X-CSRFToken": "a" * 32, "Origin": "https://evil.example"}
    assert edge.post("/api/echo/", **body, headers=foreign).status_code == 403


def test_basic_needs_no_csrf_token(edge: Client, ada: Any) -> None:
    headers = basic("ada@example.com", "a-password")
    assert edge.get("/api/private/", headers=headers).json()["subject"] == str(ada.subject)
    answer = edge.post(
        "/api/echo/", {"quantity": 1}, content_type="application/json", headers=headers
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        basic("ada@example.com", "wrong"),
        basic("nobody@example.com", "a-password"),
        basic("a\0da", "x"),
        {"Authorization": "Basic not-base64"},
        {"Authorization": "Basic"},
        {"Authorization": "basic YWJj"},
    ],
    ids=["password", "account", "NUL", "base64", "empty", "colon"],
)
def test_a_wrong_credential_is_a_401_even_with_a_session(
    edge: Client, ada: Any, header: dict[str, str]
) -> None:
    edge.force_login(ada)
    answer = edge.get("/api/echo/", headers=header)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/wrong-credential")
    assert answer["WWW-Authenticate"].startswith("Basic")


def test_basic_is_not_looked_at_where_it_is_not_allowed(
    edge: Client, ada: Any, settings: Any
) -> None:
    settings.EXTRACT_BASIC_AUTH = False
    answer = edge.get("/api/private/", headers=basic("ada@example.com", "a-password"))
    assert answer.status_code == 401
    assert not answer["WWW-Authenticate"].startswith("Basic")


def test_guessing_is_braked_before_the_password_is_looked_at(
    edge: Client, ada: Any, settings: Any
) -> None:
    settings.THROTTLE = "on"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    answers = [
        edge.get("/api/echo/", headers=basic("ada@example.com", f"guess {n}")).status_code
        for n in range(brake.TRIES_PER_PAIR + 3)
    ]
    cache.clear()
    right = edge.get("/api/private/", headers=basic("ada@example.com", "a-password"))
    assert answers == [401] * brake.TRIES_PER_PAIR + [429] * 3
    assert right.status_code == 429


def test_the_api_lets_bursts_pass_and_then_says_when(
    edge: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.THROTTLE = "on"
    monkeypatch.setattr(api_bucket, "rate", 1 / 60)
    api_bucket.clear()
    try:
        answers = {edge.get("/api/echo/").status_code for _ in range(200)}
        while not api_bucket.take("127.0.0.1"):
            pass
        answer = edge.get("/api/echo/")
    finally:
        api_bucket.clear()
    assert answers == {200}
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
