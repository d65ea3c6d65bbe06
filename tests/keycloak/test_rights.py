"""What cannot be undone takes the password once more, and an erasure ends the sign-in there too."""

from __future__ import annotations

import time

import pytest

from tests.fleets import Fleet, wait_until
from tests.keycloak.person import Person
from tests.keycloak.server import Keycloak

PASSWORD = "seven green bottles"


@pytest.fixture
def email(keycloak: Keycloak) -> str:
    email = f"rights-{time.monotonic_ns()}@example.com"
    keycloak.add_user(email, PASSWORD)
    return email


def test_signing_in_again_asks_for_the_password_whoever_is_signed_in(
    shop: Fleet, person: Person, email: str
) -> None:
    person.sign_in(shop.base_url, email, PASSWORD)
    page = person.get(f"{shop.base_url}/accounts/again/?next=/accounts/data/")
    assert "/realms/shop/" in page.url
    back = person.post(page.action("authenticate"), {"username": email, "password": PASSWORD})
    assert (back.status, back.url) == (200, f"{shop.base_url}/accounts/data/")


def test_who_came_without_a_password_is_not_fresh(
    shop: Fleet, keycloak: Keycloak, person: Person, email: str
) -> None:
    """Keycloak knew the browser: when the password was typed counts, not when the shop heard."""
    person.sign_in(shop.base_url, email, PASSWORD)
    typed_at = _session(shop, person)["authenticated_at"]
    person.cookies = {h: kept for h, kept in person.cookies.items() if h in keycloak.url}
    wait_until(lambda: time.time() > typed_at + 1)
    page = person.get(f"{shop.base_url}/accounts/login/")
    assert page.url == f"{shop.base_url}/accounts/profile/"
    assert _session(shop, person)["authenticated_at"] == typed_at


def test_an_erased_customer_is_signed_out_there_and_comes_back_as_somebody_new(
    shop: Fleet, keycloak: Keycloak, person: Person, email: str
) -> None:
    user = keycloak.user(email)
    person.sign_in(shop.base_url, email, PASSWORD)
    subject = _subject(shop, user)
    page = person.get(f"{shop.base_url}/accounts/data/erasure/")
    assert email in page.text
    erased = person.send(page, "/accounts/data/erasure/")
    assert erased.status == 200
    assert f"{keycloak.issuer}/account/" in erased.text
    assert keycloak.admin("GET", f"/users/{user}/sessions") == []
    person.sign_in(shop.base_url, email, PASSWORD)
    assert _subject(shop, user) not in (subject, "")


def _session(shop: Fleet, person: Person) -> dict[str, int]:
    key = person.cookie(shop.base_url)
    said = shop.manage(
        "shell", "-v0", "-c",
        "from django.contrib.sessions.models import Session; "
        f"print(Session.objects.get(pk={key!r}).get_decoded()['authenticated_at'])",
    )  # fmt: skip
    return {"authenticated_at": int(said.stdout.split()[-1])}


def _subject(shop: Fleet, sub: str) -> str:
    said = shop.manage(
        "shell", "-v0", "-c",
        "from extract.oidc.models import Account; "
        f"print(Account.objects.get(sub={sub!r}).user.subject)",
    )  # fmt: skip
    return said.stdout.split()[-1]
