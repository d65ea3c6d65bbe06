"""What can go wrong while paying: refused cards, empty shelves, impatient fingers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.looking import look
from tests.browser.steps import add_to_cart, bought, fill_address, pay, pieces_in_stock

Visit = Callable[..., Page]
CANDLE = "amber-glow-candle"


def at_the_checkout(page: Page, slug: str, quantity: int = 1) -> None:
    """The cart filled, the form filled in, nothing left but to pay."""
    add_to_cart(page, slug, quantity)
    page.goto("/checkout/")
    fill_address(page)


def test_a_declined_card_is_told_and_another_one_pays(visit: Visit, screen: str) -> None:
    page = visit(screen)
    at_the_checkout(page, CANDLE, 2)
    page.get_by_label("declined").check()
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_contain_text("declined")
    expect(page.get_by_role("alert")).to_contain_text("nothing was charged")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Grace Hopper")
    expect(page.get_by_role("link", name="Cart").first).to_contain_text("2")
    look(page)
    page.get_by_label("accepted").check()
    pay(page)
    expect(page.get_by_role("row", name="Amber Glow Candle")).to_contain_text("2")
    page.go_back()  # not to a page that Chromium would have to send the form for
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()


def test_what_ran_out_is_told_by_its_name(visit: Visit, screen: str) -> None:
    page = visit(screen)
    left = pieces_in_stock(page, "winter-walks")
    add_to_cart(page, CANDLE)
    at_the_checkout(page, "winter-walks", left)
    bought(visit(), "BK-410")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_contain_text("Out of stock")
    expect(page.get_by_role("alert")).to_contain_text(
        f"Winter Walks (BK-410): only {left - 1} left"
    )
    expect(page.get_by_role("alert")).not_to_contain_text("Amber")
    look(page)
    page.get_by_role("alert").get_by_role("link", name="Change the cart").click()
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    expect(page.locator(".notice-bad")).to_contain_text(f"Only {left - 1} left")
    look(page)
    page.get_by_label("Quantity of Winter Walks").fill("1")
    page.get_by_role("button", name="Update Winter Walks").click()
    page.get_by_role("link", name="Go to the checkout").click()
    fill_address(page)
    pay(page)


@pytest.mark.parametrize("scripted", [True, False], ids=["scripted", "unscripted"])
def test_a_double_click_is_one_order(visit: Visit, scripted: bool) -> None:
    page = visit(java_script_enabled=scripted)
    before = pieces_in_stock(page, CANDLE)
    at_the_checkout(page, CANDLE, 3)
    page.get_by_role("button", name="Pay").dblclick()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert before - pieces_in_stock(page, CANDLE) == 3
    page.goto("/cart/")
    expect(page.get_by_text("There is nothing in it yet")).to_be_visible()


SENT_TWICE = """async () => {
  const form = document.querySelector("form[data-once]");
  const body = () => new URLSearchParams(new FormData(form));
  const send = () => fetch(form.action, {method: "POST", body: body()});
  const answers = await Promise.all([send(), send()]);
  return answers.map(answer => answer.url);
}"""


def test_a_form_sent_twice_at_once_is_one_order(page: Page) -> None:
    before = pieces_in_stock(page, CANDLE)
    at_the_checkout(page, CANDLE, 3)
    first, second = page.evaluate(SENT_TWICE)
    assert "/orders/" in first
    assert first == second
    assert before - pieces_in_stock(page, CANDLE) == 3


def test_two_tabs_that_pay_at_once_are_one_order(page: Page) -> None:
    before = pieces_in_stock(page, CANDLE)
    at_the_checkout(page, CANDLE, 3)
    other = page.context.new_page()
    other.goto("/checkout/")
    fill_address(other)
    for tab in (page, other):
        tab.get_by_role("button", name="Pay").click(no_wait_after=True)
    for tab in (page, other):
        expect(thanks(tab).or_(tab.get_by_role("alert"))).to_be_visible()
    # Who came while the other's order was being made is told so, and led to it by a second click.
    for tab in (page, other):
        if not thanks(tab).is_visible():
            expect(tab.get_by_role("alert")).to_contain_text("in progress")
            pay(tab)
    assert page.url == other.url
    assert before - pieces_in_stock(page, CANDLE) == 3


def thanks(page: Page) -> Locator:
    return page.get_by_role("heading", name="Thank you")


def test_the_total_follows_the_country_and_leaves_the_reader_where_they_are(
    visit: Visit, screen: str
) -> None:
    page = visit(screen)
    at_the_checkout(page, CANDLE)
    page.evaluate("window.stayed = true")
    button = page.get_by_role("button", name="Pay")
    at_home = button.inner_text()
    page.get_by_label("Country").select_option("DE")
    expect(page.get_by_text("VAT (Germany)")).to_be_visible()
    expect(button).not_to_have_text(at_home)
    expect(page.get_by_label("Name", exact=True)).to_have_value("Grace Hopper")
    assert page.evaluate("window.stayed")
    page.get_by_label("Postcode").fill("26133")
    abroad = button.inner_text().removeprefix("Pay ")
    pay(page)
    expect(page.locator(".summary .total").last).to_have_text(abroad)
