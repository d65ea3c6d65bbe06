"""People with a real browser, before Keycloak's own pages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import SECONDS, opened
from tests.browser.looking import SCREENS, look
from tests.browser.steps import OPERATOR, add_to_cart, fill_address, pay
from tests.fleets import Fleet
from tests.keycloak.server import Keycloak

PASSWORD, ANOTHER = "seven green bottles", "eight green bottles"
TRIES = 6
"""One more than Keycloak takes (``failureFactor``)."""


@pytest.fixture(scope="module")
def browser(shop: Fleet, chromium: Path) -> Iterator[Browser]:
    with opened(chromium) as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, shop: Fleet) -> Iterator[Callable[[], Page]]:
    contexts = []

    def start() -> Page:
        context = browser.new_context(base_url=shop.base_url, **SCREENS["desktop"])
        context.set_default_timeout(SECONDS * 1000)
        contexts.append(context)
        return context.new_page()

    yield start
    for context in contexts:
        context.close()


def test_a_customer_from_registration_to_a_forgotten_password(visit: Callable[[], Page]) -> None:
    email, page = f"zoe-{time.monotonic_ns()}@example.com", visit()
    page.goto("/accounts/register/")
    _register(page, email, "short")
    expect(page.get_by_text("minimum length 8")).to_be_visible()
    _register(page, email, email)
    expect(page.get_by_text("Can not contain the username")).to_be_visible()
    _register(page, email, PASSWORD)
    expect(page.get_by_text("You need to verify your email")).to_be_visible()
    page.goto(_link_in_mail(visit(), email, "Verify email"))
    expect(page.get_by_role("heading", name="Hello Zoe")).to_be_visible()
    expect(page.get_by_text(email)).to_be_visible()
    look(page)

    add_to_cart(page, "heron-wall-clock")
    page.get_by_role("link", name="Go to the checkout").click()
    fill_address(page)
    pay(page)
    order = page.url
    page.goto("/orders/")
    expect(page.locator(f"a[href='{order[order.index('/orders/') :]}']")).to_be_visible()

    page.goto("/accounts/sessions/")
    expect(page.get_by_text("(this one)")).to_be_visible()
    look(page)
    page.goto("/accounts/profile/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()

    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgot Password?").click()
    page.locator("#username").fill(email)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("You should receive an email")).to_be_visible()
    page.goto(_link_in_mail(visit(), email, "Reset password"))
    page.locator("#password-new").fill(ANOTHER)
    page.locator("#password-confirm").fill(ANOTHER)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Hello Zoe")).to_be_visible()

    elsewhere = visit()
    elsewhere.goto("/accounts/login/")
    _sign_in(elsewhere, email, PASSWORD)
    expect(elsewhere.get_by_text("Invalid username or password")).to_be_visible()
    _sign_in(elsewhere, email, ANOTHER)
    expect(elsewhere.get_by_role("heading", name="Hello Zoe")).to_be_visible()


def test_an_operator_in_the_back_office(visit: Callable[[], Page]) -> None:
    page = visit()
    page.goto("/admin/payment/order/")
    _sign_in(page, *OPERATOR)
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    page.goto("/")
    page.get_by_role("link", name="Account", exact=True).click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/admin/")
    expect(page.get_by_label("Password", exact=True)).to_be_visible()


def test_after_many_guesses_the_right_password_is_refused(
    visit: Callable[[], Page], keycloak: Keycloak
) -> None:
    email = f"guessed-{time.monotonic_ns()}@example.com"
    keycloak.add_user(email, PASSWORD)
    page = visit()
    page.goto("/accounts/login/")
    for _ in range(TRIES):
        _sign_in(page, email, "a guess")
        expect(page.get_by_text("Invalid username or password")).to_be_visible()
    _sign_in(page, email, PASSWORD)
    expect(page.get_by_text("Invalid username or password")).to_be_visible()
    assert "/realms/shop/" in page.url


def _sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign In").click()


def _register(page: Page, email: str, password: str) -> None:
    said = {"email": email, "firstName": "Zoe", "lastName": "Example"}
    said |= dict.fromkeys(("password", "password-confirm"), password)
    for field, value in said.items():
        page.locator(f"#{field}").fill(value)
    page.get_by_role("button", name="Register").click()


def _link_in_mail(page: Page, email: str, subject: str) -> str:
    """To Keycloak, of the newest mail to that address with that subject."""
    page.goto("/mails/")
    mail = page.get_by_role("link", name=subject).first
    mail.click()
    expect(page.get_by_text(email).first).to_be_visible()
    found = re.search(r"http://[^\s\"<]+/login-actions/[^\s\"<]+", page.inner_text("main"))
    assert found, page.inner_text("main")
    return found[0]
