"""The checkout's page: paying, and everything that can come between."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.payment.models import Cart, Charge, Order
from apps.product.models import Product
from extract.call import Fault, Wire, bound
from extract.data import owned
from tests.apps.payment.buying import account, stocked

pytestmark = pytest.mark.usefixtures("database")


def add(client: Client, sku: str = "LAMP", quantity: int = 2) -> None:
    client.post("/cart/add/", {"sku": sku, "quantity": quantity})


def form_of(page: Any, **changes: str) -> dict[str, str]:
    """The page's form filled in, hidden fields as the page has them."""
    html = page.content.decode()
    hidden = re.findall(r'<input type="hidden" name="(key|cart|total)" value="([^"]*)"', html)
    return {
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "line1": "1 High Street",
        "line2": "",
        "city": "Leeds",
        "postcode": "LS1 1AA",
        "country": "GB",
        "card": "tok_visa",
        **dict(hidden),
        **changes,
    }


def pay(client: Client, form: dict[str, str]) -> Any:
    """The page that a browser shows next."""
    return client.post("/checkout/", form, follow=True)


@pytest.fixture
def guest(client: Client) -> Client:
    """A guest with two lamps at £10.00 in the cart."""
    stocked("LAMP", price="10.00", quantity=5)
    add(client)
    return client


def test_a_guest_pays_and_sees_the_order(guest: Client) -> None:
    page = guest.get("/checkout/")
    answer = guest.post("/checkout/", form_of(page))
    order = Order.objects.get()
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"/orders/{order.pk}/?access=")
    assert order.total == page.context["totals"].total == Charge.objects.get().amount
    shown = guest.get(answer["Location"])
    assert shown.status_code == 200
    assert order.invoice_number in shown.content.decode()
    assert guest.get(f"/orders/{order.pk}/").status_code == 404
    assert guest.get("/cart/").context["cart"] is None
    assert guest.cookies["cart_size"].value == ""


def test_a_customer_pays_and_finds_the_order_among_theirs(guest: Client) -> None:
    guest.force_login(account())
    answer = guest.post("/checkout/", form_of(guest.get("/checkout/")))
    order = Order.objects.get()
    assert answer["Location"] == f"/orders/{order.pk}/"
    assert guest.get(answer["Location"]).status_code == 200
    assert str(order.pk) in guest.get("/orders/").content.decode()


def test_the_totals_are_the_countrys(guest: Client) -> None:
    at_home = guest.get("/checkout/")
    assert at_home.context["totals_country"] == "United Kingdom"
    abroad = pay(guest, form_of(at_home, country="FR", update="1", name=""))
    assert abroad.status_code == 200
    assert abroad.context["totals_country"] == "France"
    assert abroad.context["totals"].vat == at_home.context["totals"].vat
    elsewhere = pay(guest, form_of(at_home, country="US", update="1"))
    assert elsewhere.context["totals"].vat == 0
    assert not Order.objects.exists()


def test_a_total_that_was_not_shown_is_not_charged(guest: Client) -> None:
    form = form_of(guest.get("/checkout/"))
    again = pay(guest, {**form, "country": "HU", "postcode": "1054"})
    assert again.status_code == 409
    assert "look at the new total" in again.content.decode()
    with owned("product"):
        Product.objects.update(price="11.00")
    assert pay(guest, form).status_code == 409
    add(guest, quantity=1)
    page = pay(guest, form)
    assert page.status_code == 409
    assert not Order.objects.exists()
    assert guest.post("/checkout/", form_of(page)).status_code == 302
    assert Order.objects.get().lines.get(sku="LAMP").quantity == 3


def test_a_declined_card_keeps_cart_and_form_and_gets_a_new_key(guest: Client) -> None:
    form = form_of(guest.get("/checkout/"), card="tok_declined", city="York")
    page = pay(guest, form)
    html = page.content.decode()
    assert page.status_code == 402
    assert "declined" in html
    assert 'value="York"' in html
    assert page.context["key"] != form["key"]
    assert guest.get("/cart/").context["cart"].size == 2
    assert guest.post("/checkout/", form_of(page)).status_code == 302
    assert Charge.objects.count() == 1


def test_out_of_stock_is_told_and_nothing_lost(guest: Client) -> None:
    form = form_of(guest.get("/checkout/"))
    with owned("product"):
        Product.objects.update(on_hand=1, initial=1)
    page = pay(guest, form)
    assert page.status_code == 409
    assert "Out of stock" in page.content.decode()
    assert page.context["key"] != form["key"]
    assert guest.get("/cart/").context["cart"].size == 2
    assert not Charge.objects.exists()


@pytest.mark.parametrize("is_customer", [False, True])
def test_a_double_click_and_a_reload_are_the_same_order(guest: Client, is_customer: bool) -> None:
    if is_customer:
        guest.force_login(account())
    form = form_of(guest.get("/checkout/"))
    places = {guest.post("/checkout/", form)["Location"] for _ in range(3)}
    assert len(places) == 1
    assert (Order.objects.count(), Charge.objects.count()) == (1, 1)


def test_clicks_at_once_are_the_same_order(guest: Client, together: Any) -> None:
    form = form_of(guest.get("/checkout/"))
    cart = guest.cookies["cart"].value

    def click(_: int) -> Any:
        browser = Client()
        browser.cookies["cart"] = cart
        return browser.post("/checkout/", form)["Location"]

    assert len(set(together(click, 4))) == 1
    assert Charge.objects.count() == 1


def test_a_second_tab_leads_to_the_order_of_the_first(guest: Client) -> None:
    first, second = form_of(guest.get("/checkout/")), form_of(guest.get("/checkout/"))
    assert first["key"] != second["key"]
    places = {guest.post("/checkout/", form)["Location"] for form in (first, second)}
    assert len(places) == 1
    assert Charge.objects.count() == 1


def test_an_old_form_does_not_order_the_next_cart(guest: Client) -> None:
    form = form_of(guest.get("/checkout/"))
    guest.post("/checkout/", form)
    add(guest, quantity=1)
    assert guest.post("/checkout/", form).status_code == 302
    assert Order.objects.count() == 1
    assert guest.get("/cart/").context["cart"].size == 1


def test_a_wrong_form_is_shown_again(guest: Client) -> None:
    form = form_of(guest.get("/checkout/"))
    for field, bad in (
        ("email", "nobody"),
        ("email", "a@localhost"),
        ("name", ""),
        ("name", "\u200b"),
        ("name", "Ada\u202e"),
        ("line1", ""),
        ("city", "a\x01b"),
        ("country", "ZZ"),
        ("card", "tok_other"),
        ("postcode", "x" * 21),
    ):
        page = pay(guest, {**form, field: bad})
        assert page.status_code == 422, field
        assert field in page.context["form"].errors
    assert not Order.objects.exists()
    assert guest.post("/checkout/", form).status_code == 302


@pytest.mark.parametrize(
    ("country", "postcode", "said"),
    [
        ("DE", "!!!", "This is not a postcode of Germany, like 26133."),
        ("DE", "2613", "This is not a postcode of Germany, like 26133."),
        ("GB", "26133", "This is not a postcode of United Kingdom, like EC1Y 8SY."),
        ("PT", "", "An address in this country has a postcode, like 2725-079."),
        ("DE", "26133", ""),
        ("GB", "ls1 1aa", ""),
        ("GB", "GIR 0AA", ""),
        ("IE", "", ""),
        ("HK", "", ""),
        ("AE", "00000", ""),
    ],
)
def test_a_postcode_is_the_countrys(guest: Client, country: str, postcode: str, said: str) -> None:
    page = guest.get("/checkout/")
    page = pay(guest, form_of(page, country=country, postcode=postcode, update="1"))
    page = pay(guest, form_of(page, country=country, postcode=postcode))
    if said:
        assert page.context["form"].errors == {"postcode": [said]}
    else:
        assert Order.objects.get().country == country


@pytest.mark.parametrize("key", ["", "nonsense", "x" * 300])
def test_a_form_without_a_proper_key_gets_one(guest: Client, key: str) -> None:
    page = pay(guest, {**form_of(guest.get("/checkout/")), "key": key})
    assert page.status_code == 409
    assert guest.post("/checkout/", form_of(page)).status_code == 302


def test_nothing_in_the_cart_leads_to_the_cart(client: Client) -> None:
    assert client.get("/checkout/")["Location"] == "/cart/"
    assert client.post("/checkout/", {"key": "x"})["Location"] == "/cart/"
    stocked("LAMP")
    add(client)
    client.post("/cart/items/LAMP/", {"remove": "1"})
    assert client.get("/checkout/")["Location"] == "/cart/"


def test_anothers_cart_is_not_ordered(guest: Client) -> None:
    guest.force_login(account())
    form = form_of(guest.get("/checkout/"))
    assert Client().post("/checkout/", form)["Location"] == "/cart/"
    assert Cart.objects.get().state == Cart.State.OPEN


def test_the_last_address_is_filled_in(guest: Client) -> None:
    guest.force_login(account())
    form = form_of(guest.get("/checkout/"), city="York", country="IE", postcode="A65 F4E2")
    page = pay(guest, form)
    form = form_of(page, city="York", country="IE", postcode="A65 F4E2")
    assert guest.post("/checkout/", form).status_code == 302
    add(guest, quantity=1)
    page = guest.get("/checkout/")
    assert 'value="York"' in page.content.decode()
    assert page.context["totals_country"] == "Ireland"


def test_a_catalogue_that_is_away_loses_nothing(guest: Client) -> None:
    form = form_of(guest.get("/checkout/"), city="York")
    with bound(Wire(fault=lambda method: Fault.REFUSE_CONNECTION), "product"):
        page = pay(guest, form)
        assert page.status_code == 503
        assert 'value="York"' in page.content.decode()
        assert guest.get("/cart/").status_code == 503
        assert guest.get("/checkout/").status_code == 503
    assert guest.post("/checkout/", form_of(guest.get("/checkout/"))).status_code == 302


def test_paying_needs_the_csrf_token(guest: Client) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["cart"] = guest.cookies["cart"].value
    assert browser.post("/checkout/", form_of(guest.get("/checkout/"))).status_code == 403
    assert not Order.objects.exists()


def test_the_page_asks_few_questions_however_full_the_cart(guest: Client) -> None:
    before = queries_of(guest)
    for number in range(4):
        stocked(f"P{number}")
        add(guest, f"P{number}")
    assert queries_of(guest) == before <= 6


def queries_of(client: Client) -> int:
    captures = [CaptureQueriesContext(connection) for connection in connections.all()]
    for capture in captures:
        capture.__enter__()
    assert client.get("/checkout/").status_code == 200
    for capture in captures:
        capture.__exit__(None, None, None)
    return sum(len(capture) for capture in captures)


def test_what_leads_to_no_order_leads_back_to_the_form(guest: Client) -> None:
    """The browser's Back then has no form to send again."""
    form = form_of(guest.get("/checkout/"))
    for change in (
        {"update": "1"}, {"city": ""}, {"total": "1.00"}, {"key": ""}, {"card": "tok_declined"},
    ):  # fmt: skip
        answer = guest.post("/checkout/", {**form, **change})
        assert (answer.status_code, answer["Location"]) == (303, "/checkout/"), change
        form = form_of(guest.get("/checkout/"))
    assert guest.post("/checkout/", form)["Location"].startswith("/orders/")


def test_a_script_gets_the_totals_at_once_and_keeps_nothing(guest: Client) -> None:
    form = form_of(guest.get("/checkout/"), update="in place")
    for country, name in (("FR", "France"), ("US", "United States of America")):
        page = guest.post("/checkout/", {**form, "country": country})
        assert page.status_code == 200
        assert page.context["totals_country"] == name
    assert "checkout" not in guest.cookies
    assert guest.get("/checkout/").context["totals_country"] == "United Kingdom"


def test_what_is_wrong_is_told_once_and_what_was_written_is_kept(guest: Client) -> None:
    page = pay(guest, form_of(guest.get("/checkout/"), card="tok_declined", city="York"))
    assert (page.status_code, "declined" in page.content.decode()) == (402, True)
    again = guest.get("/checkout/")
    assert (again.status_code, "was declined" in again.content.decode()) == (200, False)
    assert 'value="York"' in again.content.decode()
    pay(guest, form_of(again))
    add(guest, quantity=1)
    assert 'value="York"' not in guest.get("/checkout/").content.decode()


def test_a_kept_form_is_its_visitors_alone(guest: Client) -> None:
    pay(guest, form_of(guest.get("/checkout/"), city="York", email=""))
    kept = guest.cookies["checkout"].value
    assert "York" not in kept
    guest.force_login(account())
    assert 'value="York"' not in guest.get("/checkout/").content.decode()
    guest.logout()
    for forged in (kept[:-1] + ("A" if kept[-1] != "A" else "B"), "", "nonsense"):
        guest.cookies["checkout"] = forged
        assert guest.get("/checkout/").status_code in (200, 302)


def test_a_form_too_long_to_be_kept_is_answered_at_once(guest: Client) -> None:
    form = form_of(guest.get("/checkout/"))
    long = "".join(chr(0x4E00 + at * 7 % 20000) for at in range(3000))
    page = guest.post("/checkout/", {**form, "line1": long})
    assert page.status_code == 422
    assert "line1" in page.context["form"].errors
