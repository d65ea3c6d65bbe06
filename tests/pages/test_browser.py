"""The storefront in a real browser: bought from, by whomever, on whatever screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import opened

WIDTHS = (1280, 375)
NARROW = 360
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with opened(chromium) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, shop_server: str) -> Iterator[Page]:
    context = browser.new_context(base_url=shop_server, viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def inspect(page: Page) -> None:
    """No serious finding of axe, no sideways scrolling."""
    for width in (*WIDTHS, NARROW):
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{page.url} is {wide} pixels wide on a screen of {width}"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found = Axe().run(page).response["violations"]
        serious = [(f["id"], f["nodes"][0]["html"]) for f in found if f["impact"] in SERIOUS]
        assert not serious, f"{page.url} at {width}: {serious}"


def fill_cart(page: Page, quantity: int = 2) -> None:
    page.goto("/products/")
    page.locator(".card-name a").first.click()
    page.get_by_label("Quantity").fill(str(quantity))
    page.get_by_role("button", name="Put in the cart").click()
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()


def fill_checkout(page: Page) -> None:
    page.goto("/checkout/")
    said = {
        "name": "Grace Hopper",
        "email": "grace@example.com",
        "line1": "1 Long Lane",
        "city": "London",
        "postcode": "EC1A 9HF",
    }
    for name, value in said.items():
        page.locator(f"[name={name}]").fill(value)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/products/",
        "/products/?search=candle&min_price=1&ordering=-price",
        "/products/?search=no-such-thing&min_price=x",
        "/cart/",
        "/accounts/login/",
        "/accounts/register/",
        "/accounts/password-reset/",
        "/accounts/mail-sent/",
        "/mails/",
        "/no/such/page/",
    ],
)
def test_pages_are_fit_for_everyone(page: Page, path: str) -> None:
    page.goto(path)
    inspect(page)


def test_a_dark_page_is_as_readable(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    fill_cart(page)
    for path in ("/products/", "/cart/", "/checkout/"):
        page.goto(path)
        inspect(page)


def test_a_customer_signs_in_and_out(page: Page) -> None:
    page.goto("/accounts/profile/")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill("customer-demo")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Latest orders")).to_be_visible()
    inspect(page)
    page.goto("/orders/")
    inspect(page)
    page.goto("/accounts/password/")
    inspect(page)
    page.goto("/accounts/profile/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_the_keyboard_skips_to_the_content(page: Page) -> None:
    page.goto("/products/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("main :focus")).to_have_count(1)


def test_no_page_breaks_its_own_policy(page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    for path in ("/", "/products/", "/cart/", "/accounts/login/", "/mails/"):
        page.goto(path)
    assert not complaints
