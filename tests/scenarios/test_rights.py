"""What a customer may ask for: the data that is held about them, and to be forgotten."""

from __future__ import annotations

import io
import json
import time
import uuid
from zipfile import ZipFile

from shop.accounts.models import User
from tests.scenarios.place import SETTLES_WITHIN, Place
from tests.scenarios.shop import ADDRESS, Shop

EXPORT, ERASURE = "/api/account/export/", "/api/account/erasure/"


def test_a_customer_takes_the_data_along_and_is_forgotten(
    place: Place, shop: Shop, customer: Shop, operator: Shop
) -> None:
    email = place.account(f"{uuid.uuid4()}@example.com")
    leaver = place.visitor()
    leaver.sign_in_on_page(email)
    script = place.visitor().sign_in(email)
    order = script.checkout(script.filled_cart(LAMP=1), email=email, name="Grace Hopper").json
    others = customer.buy(LAMP=1)
    place.settle()
    with ZipFile(io.BytesIO(leaver.request("GET", EXPORT).body)) as archive:
        (mine,) = json.loads(archive.read("payment/order.json"))
        documents = [name for name in archive.namelist() if name.endswith(".pdf")]
    assert mine["id"] == order["order"]
    assert documents == [f"invoice/{order['invoice']}.pdf"]
    asked = leaver.request("POST", ERASURE, headers=csrf(leaver))
    assert asked.status == 202, asked
    until_gone(place, email)
    kept = operator.order(order["order"]).json
    assert (kept["status"], kept["email"], kept["name"]) == ("paid", "", "")
    assert operator.invoice(order["invoice"]).json["buyer"]["name"] == "Grace Hopper"
    assert shop.invoice(order["invoice"], access=order["access"]).status == 404
    assert customer.order(others["order"]).json["address"]["line1"] == ADDRESS["line1"]
    assert [mail["To"] for mail in place.mails()] == ["ada@example.com"]


def csrf(shop: Shop) -> dict[str, str]:
    """What a page's script sends along with the session."""
    return {"X-CSRFToken": shop.form("/accounts/data/")["csrfmiddlewaretoken"]}


def until_gone(place: Place, email: str) -> None:
    until = time.monotonic() + SETTLES_WITHIN
    while User.objects.filter(email=email).exists():
        assert time.monotonic() < until, "the account is still there"
        place.work()
        time.sleep(0.02)
