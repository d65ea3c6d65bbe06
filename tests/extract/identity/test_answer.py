"""The identity role answers whom a cookie or a password proves, as the monolith would see it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.signals import user_login_failed
from django.core.cache import cache
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from extract.identity import NOBODY, Identity, Source, Verifier
from extract.identity.keyring import Keyring
from shop.accounts import brake as limits

URL = "/internal/identity/"


@pytest.fixture
def client(settings: Any, database: None, ring: Keyring) -> Client:
    settings.EXTRACT_ROLE = "identity"
    settings.EXTRACT_IDENTITY_KEYS = Path(ring.directory)
    settings.ROOT_URLCONF = "tests.extract.identity.urls"
    settings.EXTRACT_EVERYWHERE = ("/",)  # these urls are nobody's
    return Client()


@pytest.fixture
def ada(database: None) -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.create_user("ada@example.com", "a-password", is_staff=True)


@pytest.fixture
def brake(settings: Any) -> None:
    """The brake is on, and passwords are checked fast enough to reach it."""
    settings.THROTTLE = "on"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def basic(password: str) -> dict[str, str]:
    credential = base64.b64encode(f"ada@example.com:{password}".encode()).decode()
    return {"Authorization": f"Basic {credential}"}


def proven(verifier: Verifier, answer: HttpResponse) -> tuple[Identity, Source]:
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Cache-Control"] == "no-store"
    return verifier.verify(answer["X-Identity"])


def test_nobody_gets_no_token_and_costs_no_query(client: Client) -> None:
    with CaptureQueriesContext(connections["default"]) as queries:
        answer = client.get(URL)
    assert (answer.status_code, answer["Cache-Control"]) == (204, "no-store")
    assert "X-Identity" not in answer
    assert queries.captured_queries == []


def test_a_session_is_answered_with_its_token(client: Client, verifier: Verifier, ada: Any) -> None:
    client.force_login(ada)
    expected = Identity(subject=str(ada.subject), roles=("customer", "staff"))
    assert proven(verifier, client.get(URL)) == (expected, Source.SESSION)
    client.logout()
    assert "X-Identity" not in client.get(URL)


def test_basic_is_answered_with_its_token(client: Client, verifier: Verifier, ada: Any) -> None:
    found, source = proven(verifier, client.get(URL, headers=basic("a-password")))
    assert (found.subject, source) == (str(ada.subject), Source.BASIC)


def test_a_wrong_credential_is_a_token_of_nobody(
    client: Client, verifier: Verifier, ada: Any
) -> None:
    client.force_login(ada)
    answer = client.get(URL, headers=basic("wrong"))
    assert proven(verifier, answer) == (NOBODY, Source.REFUSED)


def test_guessing_is_braked_by_the_clients_own_address(
    client: Client, verifier: Verifier, brake: None, ada: Any
) -> None:
    for n in range(limits.TRIES_PER_PAIR):
        client.get(URL, headers=basic(f"guess {n}"), REMOTE_ADDR="192.0.2.7")
    cache.clear()
    right = basic("a-password")
    braked = client.get(URL, headers=right, REMOTE_ADDR="192.0.2.7")
    assert proven(verifier, braked) == (NOBODY, Source.BRAKED)
    other = client.get(URL, headers=right, REMOTE_ADDR="192.0.2.8")
    assert proven(verifier, other)[1] is Source.BASIC


def test_a_credential_sent_many_times_at_once_is_checked_once(
    client: Client, verifier: Verifier, ada: Any, together: Any
) -> None:
    failures: list[Any] = []

    def failed(**kwargs: Any) -> None:
        failures.append(kwargs)

    user_login_failed.connect(failed)
    try:
        answers = together(lambda n: client.get(URL, headers=basic("wrong")), 8)
    finally:
        user_login_failed.disconnect(failed)
    assert {proven(verifier, answer) for answer in answers} == {(NOBODY, Source.REFUSED)}
    assert len(failures) == 1


def test_it_only_answers_reads(client: Client, ada: Any) -> None:
    client.force_login(ada)
    assert client.post(URL).status_code == 405
