"""What is taken away at Keycloak is felt within five seconds in every app, wherever it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.fleets import Fleet
from tests.keycloak.person import Person
from tests.keycloak.server import Keycloak
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

PEOPLE = 20
WITHIN = 5.0
LOOK_EVERY = 0.1
FELT_AT_MOST = 30.0


@pytest.fixture(scope="module")
def operators(shop: Fleet, keycloak: Keycloak) -> list[tuple[str, str]]:
    """Ids and addresses."""
    made = []
    for number in range(PEOPLE):
        email = f"revoked-{number}@example.com"
        made.append((keycloak.add_user(email, "operator-demo"), email))
        keycloak.give_role(made[-1][0], "operator")
    return made


@pytest.fixture(scope="module")
def places(shop: Fleet) -> dict[str, str]:
    """In each app, and in the back office, something that staff alone may see."""
    transport = HttpTransport(shop.base_url)
    guest = Shop(transport)
    sku = guest.request("GET", "/api/products/").json["results"][0]["sku"]
    paid = guest.buy(**{sku: 1})
    transport.close()
    return {
        "payment (out)": f"/api/orders/{paid['order']}/",
        "invoice (out)": f"/api/invoices/{paid['invoice']}/",
        "product (home)": f"/api/products/{sku}/",
        "receipt (home)": f"/api/receipts/{paid['order']}/",
        "the back office": "/admin/",
    }


def _disabled(keycloak: Keycloak, user: str) -> None:
    keycloak.enable(user, enabled=False)


def _revoked(keycloak: Keycloak, user: str) -> None:
    for session in keycloak.admin("GET", f"/users/{user}/sessions"):
        keycloak.admin("DELETE", f"/sessions/{session['id']}")


def _role_taken(keycloak: Keycloak, user: str) -> None:
    keycloak.take_role(user, "operator")


def _logged_out(keycloak: Keycloak, user: str) -> None:
    keycloak.log_out(user)


WAYS: dict[str, Callable[[Keycloak, str], None]] = {
    "a disabled user": _disabled,
    "a revoked session, without the back channel": _revoked,
    "a role taken away": _role_taken,
    "back-channel logout": _logged_out,
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_taken_away_is_felt_in_every_app(
    way: str,
    shop: Fleet,
    keycloak: Keycloak,
    operators: list[tuple[str, str]],
    places: dict[str, str],
    figures: list[str],
) -> None:
    tells = "without" not in way
    url = f"{shop.base_url}/accounts/backchannel-logout/" if tells else ""
    keycloak.change_client(attributes={"backchannel.logout.url": url})

    def one(who: tuple[str, str]) -> dict[str, float]:
        user, email = who
        person = Person()
        person.sign_in(shop.base_url, email, "operator-demo")
        for place, path in places.items():
            assert _may(person, f"{shop.base_url}{path}"), place
        began = time.monotonic()
        WAYS[way](keycloak, user)
        return _felt(person, shop.base_url, places, began)

    try:
        with ThreadPoolExecutor(4) as at_once:
            found = list(at_once.map(one, operators))
    finally:
        for user, _ in operators:
            keycloak.enable(user)
            keycloak.give_role(user, "operator")
            # Of several sessions of one person, Keycloak tells of the first alone.
            keycloak.log_out(user)
        keycloak.change_client(
            attributes={"backchannel.logout.url": f"{shop.base_url}/accounts/backchannel-logout/"}
        )
    for place in places:
        seconds = sorted(each[place] for each in found)
        figures.append(
            f"{way}, {place}: felt after {seconds[len(seconds) // 2]:.2f} s (median), "
            f"{seconds[-1]:.2f} s at most, n = {len(seconds)}"
        )
    assert max(max(each.values()) for each in found) <= WITHIN


def _felt(person: Person, base_url: str, places: dict[str, str], began: float) -> dict[str, float]:
    """By place, how long it was still shown."""
    felt: dict[str, float] = {}
    while len(felt) < len(places):
        assert time.monotonic() - began < FELT_AT_MOST, f"only {list(felt)} have noticed"
        for place in places.keys() - felt.keys():
            if not _may(person, f"{base_url}{places[place]}"):
                felt[place] = time.monotonic() - began
        time.sleep(LOOK_EVERY)
    return felt


def _may(person: Person, url: str) -> bool:
    """A product is shown to all, but edited by staff: who may is told what is missing."""
    if "/api/products/" not in url:
        status = person.get(url, follow=False).status
    else:
        status = person.patch(url, X_CSRFToken=person.cookie(url, "csrftoken")).status
    assert status in (200, 428, 302, 401, 403, 404), (url, status)
    return status in (200, 428)


def test_what_was_given_back_counts_again(shop: Fleet, keycloak: Keycloak, operators: Any) -> None:
    person = Person()
    page = person.sign_in(shop.base_url, operators[0][1], "operator-demo", to="/admin/")
    assert page.status == 200
