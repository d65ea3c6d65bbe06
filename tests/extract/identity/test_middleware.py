"""With a role, a request comes from whom its token proves; session and user are not looked at."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from extract.identity import NOBODY, Source, trust_keys
from extract.identity.identity_header import mint_token
from extract.identity.key import Key
from tests.extract.identity import tokens
from tests.extract.identity.tokens import ADA, signed

JSON = "application/json"


@pytest.fixture
def client(settings: Any, database: None, trusted: None) -> Client:
    """A client of an extracted app that checks CSRF as a browser's requests are checked."""
    settings.EXTRACT_ROLE = "product"
    settings.ROOT_URLCONF = "tests.extract.identity.urls"
    settings.EXTRACT_EVERYWHERE = ("/",)  # these urls are nobody's
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


@pytest.fixture
def signed_in(client: Client) -> Client:
    """The same, with the session cookie of an administrator."""
    from django.contrib.auth import get_user_model

    client.force_login(get_user_model().objects.create_superuser("root@example.com", "a-password"))
    return client


def sent(token: str) -> dict[str, str]:
    return {"X-Identity": token}


def test_a_token_is_its_subject_roles_and_source(client: Client, key: Key) -> None:
    token = mint_token(ADA, Source.SESSION, key)
    assert client.get("/seen/", headers=sent(token)).json() == {
        "subject": ADA.subject,
        "source": "session",
        "context": [ADA.subject, ["customer", "staff"], token],
        "header": None,
    }
    assert client.get("/api/staff/", headers=sent(token)).json()["subject"] == ADA.subject


def test_without_a_token_it_is_nobody_whatever_cookies_came(signed_in: Client) -> None:
    basic = {"Authorization": "Basic cm9vdEBleGFtcGxlLmNvbTphLXBhc3N3b3Jk"}
    with CaptureQueriesContext(connections["default"]) as queries:
        for headers in ({}, basic, sent("")):
            seen = signed_in.get("/seen/", headers=headers).json()
            assert (seen["subject"], seen["source"]) == ("", "none")
            assert seen["context"] == ["", [], ""]
            assert signed_in.get("/api/private/", headers=headers).status_code == 401
    assert queries.captured_queries == []


def test_session_and_user_are_not_looked_at(signed_in: Client, key: Key) -> None:
    headers = sent(mint_token(ADA, Source.SESSION, key))
    with CaptureQueriesContext(connections["default"]) as queries:
        for path in ("/seen/", "/api/private/", "/page/"):
            assert signed_in.get(path, headers=headers).status_code == 200
        assert signed_in.get("/seen/", headers=headers).json()["subject"] == ADA.subject
    assert queries.captured_queries == []


@pytest.mark.parametrize(
    ("role", "paths"),
    [
        ("product", ["/products/", "/api/products/"]),
        ("payment", ["/cart/", "/checkout/", "/orders/", "/api/orders/"]),
        ("invoice", ["/api/invoices/INV-1/"]),
        ("receipt", ["/api/receipts/5f0c2f0e-0f7c-4c55-8f64-6f1f3e0e6a11/"]),
    ],
)
def test_no_app_looks_at_session_or_user(
    signed_in: Client, key: Key, settings: Any, role: str, paths: list[str]
) -> None:
    settings.ROOT_URLCONF = "shop.urls"
    settings.EXTRACT_ROLE = role
    headers = sent(mint_token(ADA, Source.SESSION, key))
    with CaptureQueriesContext(connections["default"]) as queries:
        answers = [signed_in.get(path, headers=headers) for path in paths]
    assert {answer.status_code for answer in answers} <= {200, 302, 404}
    assert [query["sql"] for query in queries.captured_queries] == []


def test_a_write_by_session_needs_its_csrf_token_here_too(client: Client, key: Key) -> None:
    body: dict[str, Any] = {"data": {"quantity": 1}, "content_type": JSON}
    session = sent(mint_token(ADA, Source.SESSION, key))
    refused = client.post("/api/echo/", **body, headers=session)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/csrf-failed")
    client.cookies["csrftoken"] = "a" * 32
    headers = {**session, "X-CSRFToken": "a" * 32}
    assert client.post("/api/echo/", **body, headers=headers).status_code == 200
    basic = sent(mint_token(ADA, Source.BASIC, key))
    assert client.post("/api/echo/", **body, headers=basic).status_code == 200


@pytest.mark.parametrize(
    ("source", "status", "kind"),
    [(Source.REFUSED, 401, "wrong-credential"), (Source.BRAKED, 429, "too-many-requests")],
)
def test_a_verdict_on_a_wrong_credential_is_answered_as_at_home(
    client: Client, key: Key, source: Source, status: int, kind: str
) -> None:
    answer = client.get("/api/echo/", headers=sent(mint_token(NOBODY, source, key)))
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")


FORGED = {
    "alg none": lambda key, stranger: tokens.unsigned(key),
    "HS256": lambda key, stranger: tokens.signed_by_what_everybody_knows(key),
    "tampered": lambda key, stranger: tokens.tampered(signed(key)),
    "unknown key": lambda key, stranger: signed(stranger),
    "audience": lambda key, stranger: signed(key, aud="elsewhere"),
    "issuer": lambda key, stranger: signed(key, iss="elsewhere"),
    "expired": lambda key, stranger: signed(key, exp=1_700_000_000),
    "not yet valid": lambda key, stranger: signed(key, nbf=2_000_000_000),
    "of 100 years": lambda key, stranger: signed(key, exp=4_900_000_000),
    "ID token": lambda key, stranger: signed(key, token_type="id"),
    "garbage": lambda key, stranger: "\x80\xff{}",
    "subject": lambda key, stranger: ADA.subject,
    "huge": lambda key, stranger: "x" * 100_000,
    "doubled": lambda key, stranger: f"{signed(key)},{signed(key)}",
    "doubled, one forged": lambda key, stranger: f"{signed(key)}, {signed(stranger)}",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_an_invalid_token_is_a_401(signed_in: Client, key: Key, stranger: Key, forge: Any) -> None:
    headers = sent(forge(key, stranger))
    for method in (signed_in.get, signed_in.post):
        problem = method("/api/echo/", headers=headers)
        assert (problem.status_code, problem["Content-Type"]) == (401, "application/problem+json")
        assert problem.json()["type"] == "/problems/invalid-identity"
        assert problem["WWW-Authenticate"]
        page = method("/seen/", headers=headers)
        assert (page.status_code, page["Content-Type"]) == (401, "text/html; charset=utf-8")
        assert "could not be checked" in page.content.decode()
        assert not page["WWW-Authenticate"].startswith("Basic")


def test_where_no_keys_are_trusted_every_token_is_invalid(client: Client, key: Key) -> None:
    trust_keys(dict)
    assert client.get("/seen/", headers=sent(signed(key))).status_code == 401
    assert client.get("/seen/").status_code == 200


@pytest.mark.parametrize("role", ["", "identity"])
def test_who_reads_logins_believes_no_token(
    signed_in: Client, key: Key, settings: Any, role: str
) -> None:
    settings.EXTRACT_ROLE = role
    for token in (signed(key), "forged"):
        seen = signed_in.get("/seen/", headers=sent(token)).json()
        assert seen["source"] == "session"
        assert seen["subject"] != ADA.subject
        assert (seen["header"], seen["context"][2]) == (None, "")
