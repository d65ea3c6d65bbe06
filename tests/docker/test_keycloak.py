"""Accounts at Keycloak, by its profile: a name of its own to browsers, another one inside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.docker.books import ContainerBooks
from tests.docker.stack import Stack, wait_until
from tests.keycloak.person import Person

ADA = ("ada@example.com", "customer-demo")
FELT = 5.0
"""Seconds within which a logout there is one here."""


@pytest.fixture
def with_keycloak(shop: Stack) -> Iterator[Stack]:
    shop.compose("--profile", "keycloak", "up", "-d")
    shop.restart_accounts()
    yield shop
    shop.make_secrets("--oidc-issuer", "none")
    shop.compose("--profile", "keycloak", "rm", "--stop", "--force", "keycloak", "use-keycloak")
    shop.restart_accounts()
    assert b"password" in shop.get("/accounts/login/")


def test_a_customer_signs_in_is_logged_out_there_and_signs_out(
    with_keycloak: Stack, books: ContainerBooks
) -> None:
    stack, shop = with_keycloak, with_keycloak.own_url
    person = Person()
    page = person.sign_in(shop, *ADA)
    assert (page.status, page.url) == (200, f"{shop}/accounts/profile/")
    assert "Hello Ada" in page.text
    assert ADA[0] in page.text  # the demo's customer, and no new one

    # The shop is told: nobody asks it anything meanwhile, which would have it look for itself.
    sign_ins = "SELECT id FROM extract_oidc_signin"
    assert len(books.rows("public", sign_ins)) == 1
    _log_out(stack, ADA[0])
    wait_until(lambda: not books.rows("public", sign_ins), FELT)
    wait_until(lambda: not _is_signed_in(person, shop), FELT)

    page = person.sign_in(shop, *ADA)
    home = person.send(page, "/accounts/logout/")
    assert (home.status, home.url) == (200, f"{shop}/")
    assert not _is_signed_in(person, shop)
    assert "password" in person.get(f"{shop}/accounts/login/").text


def _is_signed_in(person: Person, shop: str) -> bool:
    return person.get(f"{shop}/accounts/profile/", follow=False).status == 200


def _log_out(stack: Stack, email: str) -> None:
    """As Keycloak's administrator, who has the password that the README says how to read."""
    told = stack.compose("exec", "-T", "keycloak", "cat", "/run/secrets/keycloak/keycloak.env")
    variables = dict(line.split("=", 1) for line in told.splitlines())
    form = {
        "grant_type": "password", "client_id": "admin-cli", "username": "admin",
        "password": variables["KC_BOOTSTRAP_ADMIN_PASSWORD"],
    }  # fmt: skip
    url = stack.keycloak_url
    answer = requests.post(
        f"{url}/realms/master/protocol/openid-connect/token", data=form, timeout=30
    )
    answer.raise_for_status()
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    users = f"{url}/admin/realms/shop/users"
    found = requests.get(users, {"email": email, "exact": "true"}, headers=headers, timeout=30)
    (user,) = found.json()
    ended = requests.post(f"{users}/{user['id']}/logout", headers=headers, timeout=30)
    ended.raise_for_status()
