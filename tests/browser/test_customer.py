"""A customer: the cart comes along, the order is found again."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.places import everywhere
from tests.browser.steps import ADA, add_to_cart, fill_address, invoice_number, pay, sign_in


@everywhere
def test_a_customer_signs_in_on_the_way_and_finds_the_order(
    visit: Callable[..., Page], screen: str
) -> None:
    page = visit(screen)
    add_to_cart(page, "heron-wall-clock", 2)
    page.get_by_role("link", name="Go to the checkout").click()
    page.get_by_role("main").get_by_role("link", name="sign in").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    look(page)
    sign_in(page, ADA[0], "not her password")
    expect(page.get_by_role("alert")).to_be_visible()
    look(page)
    sign_in(page, *ADA)
    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()
    expect(page.get_by_text("2 × Heron Wall Clock")).to_be_visible()
    fill_address(page)
    look(page)
    pay(page)
    assert "access" not in page.url
    look(page)
    find_the_order(page, page.url, invoice_number(page))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.goto("/orders/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def find_the_order(page: Page, order: str, number: str) -> None:
    """Among the orders, and on the account's page, where the reader is left."""
    page.get_by_role("link", name="Your orders").first.click()
    expect(page.get_by_role("heading", name="Your orders")).to_be_visible()
    look(page)
    page.get_by_role("row", name=number).get_by_role("rowheader").get_by_role("link").click()
    expect(page).to_have_url(order)
    page.get_by_role("link", name="Account").click()
    expect(page.get_by_role("heading", name="Latest orders")).to_be_visible()
    look(page)
    path = order[order.index("/orders/") :]
    expect(page.locator(f"a[href='{path}']")).to_be_visible()
