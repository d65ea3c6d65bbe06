"""A guest's whole purchase: with the mouse, with the keyboard alone, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.looking import look
from tests.browser.places import everywhere
from tests.browser.steps import (
    GRACE,
    add_to_cart,
    fill_address,
    invoice_number,
    pay,
    pdf_text,
    receipt_mail,
)

Visit = Callable[..., Page]


@everywhere
def test_a_guest_finds_buys_and_reads_the_receipt(visit: Visit, screen: str) -> None:
    page = visit(screen)
    find_the_teapot(page)
    page.get_by_label("Quantity").fill("2")
    page.get_by_role("button", name="Put in the cart").click()
    change_the_quantity(page)
    page.get_by_role("link", name="Go to the checkout").click()
    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()
    look(page)
    forget_the_form(page)
    fill_address(page)
    look(page)
    # Three at £34.00, shipping at £4.95, and 20% of that.
    expect(page.get_by_role("button", name="Pay")).to_have_text("Pay £128.34")
    pay(page)
    look(page)
    expect(page.locator(".summary .total").last).to_have_text("£128.34")
    expect(page.locator("address")).to_contain_text(GRACE["Address"])
    number = invoice_number(page)
    read_the_invoice(page, number)
    read_the_mail(page, number)


def find_the_teapot(page: Page) -> None:
    """By the home page, a category and the search, to the product."""
    page.goto("/")
    look(page)
    page.get_by_role("navigation", name="Categories").get_by_role("link", name="Light").click()
    expect(page.locator(".card-name").first).to_be_visible()
    expect(page.get_by_role("link", name="Teapot")).to_have_count(0)
    look(page)
    page.get_by_label("Search products").fill("teapot")
    page.get_by_role("search").get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("teapot")
    look(page)
    page.get_by_role("link", name="Copper Rim Teapot").click()
    expect(page.get_by_role("heading", name="Copper Rim Teapot")).to_be_visible()
    look(page)


def change_the_quantity(page: Page) -> None:
    expect(page.get_by_role("status")).to_contain_text("in your cart")
    quantity = page.get_by_label("Quantity of Copper Rim Teapot")
    expect(quantity).to_have_value("2")
    look(page)
    quantity.fill("3")
    page.get_by_role("button", name="Update Copper Rim Teapot").click()
    expect(page.locator(".summary .total").last).to_have_text("£102.00")
    expect(page.get_by_role("link", name="Cart")).to_contain_text("3")


def forget_the_form(page: Page) -> None:
    """Pay with an empty form: what is missing is told where it is missing, to everyone."""
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_contain_text("marked fields")
    for label in ("Name", "E-mail", "Address", "Town or city"):
        field = page.get_by_label(label, exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description("This field is required.")
    look(page)


def read_the_invoice(page: Page, number: str) -> None:
    page.get_by_role("link", name="Look at invoice").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Invoice {number}")
    expect(page.locator(".summary .total").last).to_have_text("£128.34")
    look(page)
    link = page.get_by_role("link", name="Download as PDF").get_attribute("href") or ""
    answer = page.request.get(link)
    assert answer.headers["content-type"] == "application/pdf"
    text = pdf_text(answer.body())
    for said in (number, "Copper Rim Teapot", "128.34", GRACE["Name"]):
        assert said in text


def read_the_mail(page: Page, number: str) -> None:
    entry = receipt_mail(page, number)
    look(page)
    entry.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    look(page)
    with page.expect_download() as download:
        page.get_by_role("link", name=".pdf").click()
    assert number in pdf_text(Path(download.value.path()).read_bytes())
    # By key: just after scrolling, Chromium sends clicks to where the mail's frame was.
    page.locator(".plain").get_by_role("link", name="/orders/").press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(page.get_by_text("A receipt was mailed")).to_be_visible()


def test_the_keyboard_alone_buys(page: Page) -> None:
    page.goto("/")
    tab_to(page.get_by_label("Search products"))
    page.keyboard.type("mug")
    page.keyboard.press("Enter")
    # A key, unlike a click, does not wait for the page it leads to.
    expect(page.get_by_role("heading", level=1)).to_contain_text("mug")
    tab_to(page.get_by_role("link", name="Acorn Stoneware Mug"))
    page.keyboard.press("Enter")
    tab_to(page.get_by_label("Quantity"))
    page.keyboard.press("ArrowUp")
    tab_to(page.get_by_role("button", name="Put in the cart"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Quantity of Acorn Stoneware Mug")).to_have_value("2")
    tab_to(page.get_by_role("link", name="Go to the checkout"))
    page.keyboard.press("Enter")
    for label, value in GRACE.items():
        tab_to(page.get_by_label(label, exact=True))
        page.keyboard.type(value)
    tab_to(page.get_by_label("card that is accepted"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("card that is declined")).to_be_checked()
    page.keyboard.press("ArrowUp")
    tab_to(page.get_by_role("button", name="Pay"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    tab_to(page.get_by_role("link", name="Look at invoice"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Invoice")).to_be_visible()


# A card's link lets the whole card show that it has the focus.
RINGED = """element => [element, element.closest(".card") ?? element]
  .some(each => getComputedStyle(each).outlineStyle !== "none")"""


def tab_to(target: Locator) -> None:
    """Press Tab until the target has the focus, and shows it."""
    expect(target).to_be_visible()
    for _ in range(100):
        target.page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            break
    expect(target).to_be_focused()
    expect(target).to_be_in_viewport()
    assert target.evaluate(RINGED), f"{target} has the focus and does not show it"


def test_a_purchase_needs_no_javascript(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    page.goto("/")
    page.get_by_label("Search products").fill("teapot")
    page.get_by_role("search").get_by_role("button").click()
    page.get_by_role("link", name="Copper Rim Teapot").click()
    page.get_by_role("button", name="Put in the cart").click()
    page.get_by_label("Quantity of Copper Rim Teapot").fill("3")
    page.get_by_role("button", name="Update").click()
    expect(page.locator(".summary .total").last).to_have_text("£102.00")
    page.get_by_role("link", name="Go to the checkout").click()
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_contain_text("marked fields")
    fill_address(page)
    page.get_by_label("Country").select_option("FR")
    page.get_by_role("button", name="Update the total").click()
    expect(page.get_by_text("VAT (France)")).to_be_visible()
    page.get_by_label("Postcode").fill("33380")
    pay(page)
    expect(page.locator("address")).to_contain_text("France")
    number = invoice_number(page)
    page.get_by_role("link", name="Look at invoice").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Invoice {number}")


def test_what_is_sold_out_cannot_be_put_in_the_cart(visit: Visit, screen: str) -> None:
    page = visit(screen)
    page.goto("/products/willow-log-basket/")
    expect(page.get_by_text("It is sold out at the moment")).to_be_visible()
    expect(page.get_by_role("button", name="Put in the cart")).to_have_count(0)
    look(page)


def test_removing_the_last_line_empties_the_cart(page: Page) -> None:
    add_to_cart(page, "pine-forest-candle")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("There is nothing in it yet")).to_be_visible()
    page.goto("/checkout/")
    expect(page.get_by_role("status")).to_contain_text("nothing in your cart to order")
