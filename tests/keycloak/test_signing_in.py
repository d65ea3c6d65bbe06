"""Sign in, be signed in, sign out: over the gateway, with payment and invoice apart."""

from __future__ import annotations

import pytest

from tests.fleets import Fleet
from tests.keycloak.person import Person
from tests.keycloak.server import Keycloak
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

pytestmark = pytest.mark.usefixtures("shop")

ADA = ("ada@example.com", "customer-demo")
OPERATOR = ("operator@example.com", "operator-demo")


def test_a_customer_signs_in_and_out(shop: Fleet, keycloak: Keycloak, person: Person) -> None:
    page = person.sign_in(shop.base_url, *ADA)
    assert (page.status, page.url) == (200, f"{shop.base_url}/accounts/profile/")
    assert "Hello Ada" in page.text
    assert person.get(f"{shop.base_url}/orders/", follow=False).status == 200
    home = person.send(page, "/accounts/logout/")
    assert (home.status, home.url) == (200, f"{shop.base_url}/")
    away = person.get(f"{shop.base_url}/accounts/profile/", follow=False)
    assert away.leads_to.startswith(f"{shop.base_url}/accounts/login/")
    # The session there is over as well: the password is asked for again.
    assert "password" in person.get(away.leads_to).text


def test_staff_come_into_the_back_office_by_their_role(shop: Fleet, person: Person) -> None:
    page = person.sign_in(shop.base_url, *OPERATOR, to="/admin/")
    assert (page.status, page.url) == (200, f"{shop.base_url}/admin/")
    customer = Person()
    customer.sign_in(shop.base_url, *ADA)
    assert customer.get(f"{shop.base_url}/admin/").status == 403


def test_nobody_asks_keycloak_about_guests(shop: Fleet, keycloak: Keycloak) -> None:
    before = keycloak.way.requests
    transport = HttpTransport(shop.base_url)
    guest = Shop(transport)
    sku = guest.request("GET", "/api/products/").json["results"][0]["sku"]
    paid = guest.buy(**{sku: 1})
    assert guest.order(paid["order"], access=paid["access"]).status == 200
    for page in ("/", "/products/", "/cart/", "/accounts/profile/"):
        guest.page(page)
    transport.close()
    assert keycloak.way.requests == before
