"""Access tokens live shortly, sign-ins long: one refresh for all who need it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.fleets import Fleet, wait_until
from tests.keycloak.person import Person
from tests.keycloak.server import Keycloak

TOKENS = 10
AT_ONCE = 50
SHORT = 4
"""Seconds; the shop renews a token 2 seconds before its end."""
KINDS = ["REFRESH_TOKEN", "REFRESH_TOKEN_ERROR"]


@pytest.fixture
def operator(shop: Fleet, keycloak: Keycloak) -> str:
    user = keycloak.add_user(f"{time.monotonic_ns()}@example.com", "operator-demo")
    keycloak.give_role(user, "operator")
    return str(keycloak.admin("GET", f"/users/{user}")["email"])


@pytest.fixture
def short_tokens(keycloak: Keycloak) -> Callable[[], Any]:
    """``with short_tokens():`` tokens issued meanwhile live for ``SHORT`` seconds."""

    @contextmanager
    def short_tokens() -> Iterator[None]:
        keycloak.change_client(attributes={"access.token.lifespan": str(SHORT)})
        keycloak.change_realm(eventsEnabled=True, enabledEventTypes=KINDS)
        try:
            yield
        finally:
            keycloak.change_client(attributes={"access.token.lifespan": ""})

    return short_tokens


def test_many_requests_with_an_expired_token_make_one_refresh(
    shop: Fleet, keycloak: Keycloak, operator: str, short_tokens: Any, together: Any
) -> None:
    person = Person()
    with short_tokens():
        person.sign_in(shop.base_url, operator, "operator-demo", to="/admin/")
    expired_at = time.monotonic() + SHORT
    wait_until(lambda: time.monotonic() > expired_at)
    keycloak.forget_events()

    # Half of them are told who it is by identity, the others ask at home.
    def ask(number: int) -> int:
        path = "/orders/" if number % 2 else "/admin/"
        return person.get(f"{shop.base_url}{path}", follow=False).status

    assert Counter(together(ask, AT_ONCE)) == {200: AT_ONCE}
    assert len(keycloak.events("REFRESH_TOKEN")) == 1
    assert keycloak.events("REFRESH_TOKEN_ERROR") == []


def test_a_sign_in_outlives_ten_access_tokens(
    shop: Fleet, keycloak: Keycloak, operator: str, short_tokens: Any
) -> None:
    person, seen = Person(), Counter[int]()

    def look() -> bool:
        seen[person.get(f"{shop.base_url}/orders/", follow=False).status] += 1
        return len(keycloak.events("REFRESH_TOKEN")) >= TOKENS

    with short_tokens():
        keycloak.forget_events()
        person.sign_in(shop.base_url, operator, "operator-demo")
        wait_until(look, 60)
    assert set(seen) == {200}


def test_a_refresh_token_that_somebody_else_used_ends_the_sign_in(
    shop: Fleet, keycloak: Keycloak, operator: str, short_tokens: Any
) -> None:
    person = Person()
    with short_tokens():
        person.sign_in(shop.base_url, operator, "operator-demo")
        expired_at = time.monotonic() + SHORT
    stolen = _refresh_token(shop)
    assert keycloak.refresh(stolen) == 200
    wait_until(lambda: time.monotonic() > expired_at)
    page = person.get(f"{shop.base_url}/accounts/profile/", follow=False)
    assert page.leads_to.startswith(f"{shop.base_url}/accounts/login/")
    assert keycloak.refresh(stolen) == 400


def _refresh_token(shop: Fleet) -> str:
    """The latest that the shop keeps."""
    said = shop.manage(
        "shell", "-v0", "-c",
        "from extract.oidc.models import SignIn; print(SignIn.objects.first().refresh_token)",
    )  # fmt: skip
    return said.stdout.strip().splitlines()[-1]
