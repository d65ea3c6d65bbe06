"""A customer takes the data along and leaves, with and without scripts."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.steps import add_to_cart, fill_address, pay

PASSWORD = "correct-horse-9"


def registered(page: Page, email: str) -> None:
    page.goto("/accounts/register/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("main").get_by_role("button").click()
    page.goto("/mails/")
    page.get_by_role("listitem").filter(has_text=email).get_by_role("link").first.click()
    found = re.search(r"(/accounts/register/\S+)", page.locator("main").inner_text())
    assert found
    page.goto(found[1])
    page.get_by_label("First name").fill("Grace")
    for label in ("Password", "Password confirmation"):
        page.get_by_label(label, exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").press("Enter")
    expect(page.get_by_role("heading", name="Hello Grace")).to_be_visible()


@pytest.mark.parametrize(
    ("screen", "scripts"), [("desktop", True), ("phone", True), ("phone", False)]
)
def test_a_customer_takes_the_data_along_and_leaves(
    visit: Callable[..., Page], screen: str, scripts: bool, tmp_path: Path
) -> None:
    page = visit(screen, java_script_enabled=scripts)
    seen = (lambda page: look(page)) if scripts else (lambda page: None)
    registered(page, f"{uuid.uuid4()}@example.com")
    add_to_cart(page, "heron-wall-clock")
    page.get_by_role("link", name="Go to the checkout").click()
    fill_address(page)
    pay(page)
    page.goto("/accounts/profile/")
    page.get_by_role("link", name="Your data").click()
    expect(page.get_by_role("heading", name="Your data")).to_be_visible()
    seen(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    with ZipFile(path) as archive:
        assert "payment/order.json" in archive.namelist()
    page.get_by_role("link", name="Erase my account").click()
    expect(page.get_by_role("heading", name="Erase your account")).to_be_visible()
    seen(page)
    page.goto("/accounts/again/?next=/accounts/data/erasure/")
    seen(page)
    page.get_by_label("Password").fill("a guess")
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Yes, erase my account").click()
    gone = page.get_by_role("heading", name=re.compile("Your account is erased|Sign in"))
    again = page.get_by_role("link", name="Look again")
    while True:  # until what is under way has ended
        expect(gone.or_(again)).to_be_visible()
        seen(page)
        if gone.is_visible():
            break
        again.click()
    page.goto("/accounts/profile/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
