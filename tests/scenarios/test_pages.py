"""Buying on the pages, as a browser without JavaScript does it."""

from __future__ import annotations

from tests.scenarios.place import Place
from tests.scenarios.shop import Shop, form_fields


def test_a_guest_buys_on_the_pages(place: Place, shop: Shop) -> None:
    shop.add_on_page("/products/lamp/", "LAMP", 2)
    assert "The lamp" in shop.page("/cart/").text
    bought = shop.submit("/checkout/", shop.checkout_form())
    assert bought.status == 302
    place.settle()

    order = bought.headers["location"]
    assert "?access=" in order
    page = shop.page(order)
    assert page.status == 200
    assert "The lamp" in page.text
    access = order.partition("?access=")[2]
    id = order.split("/")[2]
    number = shop.order(id, access=access).json["invoice"]
    assert number in shop.page(f"/invoices/{number}/?access={access}").text
    pdf = shop.page(f"/invoices/{number}.pdf?access={access}")
    assert pdf.body.startswith(b"%PDF-")
    (mail,) = place.mails()
    assert f"/orders/{id}/?access={access}" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_customer_buys_on_the_pages(place: Place, shop: Shop) -> None:
    shop.sign_in_on_page(place.account("ada@example.com"))
    shop.add_on_page("/products/lamp/", "LAMP", 1)
    bought = shop.submit("/checkout/", shop.checkout_form())
    order = bought.headers["location"]
    assert (bought.status, "access" in order) == (302, False)
    assert shop.page(order).status == 200
    assert order in shop.page("/orders/").text
    assert place.visitor().page(order).status == 404


def test_a_form_sent_twice_is_one_order(place: Place, shop: Shop) -> None:
    shop.add_on_page("/products/lamp/", "LAMP", 1)
    form = shop.checkout_form()
    first, second = shop.submit("/checkout/", form), shop.submit("/checkout/", form)
    assert (first.status, second.status) == (302, 302)
    assert first.headers["location"] == second.headers["location"]
    assert len(place.charges()) == 1
    assert shop.available("LAMP") == 9


def test_two_windows_with_the_same_cart_are_one_order(place: Place, shop: Shop) -> None:
    shop.add_on_page("/products/lamp/", "LAMP", 1)
    one, other = shop.checkout_form(), shop.checkout_form()
    assert one["key"] != other["key"]
    first, second = shop.submit("/checkout/", one), shop.submit("/checkout/", other)
    assert (first.status, second.status) == (302, 302)
    assert first.headers["location"] == second.headers["location"]
    assert len(place.charges()) == 1


def test_a_cart_changed_between_is_shown_again_before_it_is_paid(place: Place, shop: Shop) -> None:
    shop.add_on_page("/products/lamp/", "LAMP", 1)
    stale = shop.checkout_form()
    shop.add_on_page("/products/vase/", "VASE", 1)
    shown = shop.shown_again("/checkout/", stale)
    assert shown.status == 409
    assert place.charges() == []
    fresh = {**stale, **form_fields(shown.text)}
    assert shop.submit("/checkout/", fresh).status == 302
    assert len(place.charges()) == 1
    assert shop.available("VASE") == 4


def test_a_declined_card_is_told_and_another_one_works(place: Place, shop: Shop) -> None:
    shop.add_on_page("/products/lamp/", "LAMP", 1)
    form = shop.checkout_form(card="tok_declined")
    declined = shop.shown_again("/checkout/", form)
    assert declined.status == 402
    assert "declined" in declined.text
    again = {**form, **form_fields(declined.text), "card": "tok_visa"}
    assert shop.submit("/checkout/", again).status == 302
    assert len(place.charges()) == 1


def test_a_form_without_its_token_is_refused(place: Place, shop: Shop) -> None:
    shop.add_on_page("/products/lamp/", "LAMP", 1)
    form = shop.checkout_form()
    del form["csrfmiddlewaretoken"]
    assert shop.submit("/checkout/", form).status == 403
    assert place.charges() == []


def test_a_form_on_another_site_is_refused(place: Place, shop: Shop) -> None:
    shop.add_on_page("/products/lamp/", "LAMP", 1)
    form = shop.checkout_form()
    login = shop.form("/accounts/login/") | {"username": place.account("ada@example.com")}
    for path, fields in (("/checkout/", form), ("/cart/add/", form), ("/accounts/login/", login)):
        assert shop.submit(path, fields, origin="https://shop.example.net").status == 403, path
    assert place.charges() == []
    assert shop.submit("/checkout/", form).status == 302


def test_a_message_waits_for_the_next_page_whosever_it_is(shop: Shop) -> None:
    for page in ("/", "/products/lamp/", "/accounts/login/", "/cart/"):
        shop.add_on_page("/products/lamp/", "LAMP", 1)
        assert "It is in your cart." in shop.page(page).text, page
        assert "It is in your cart." not in shop.page(page).text, page
