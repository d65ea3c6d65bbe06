"""The operator in the back office: an order is found, paid back, its receipt sent again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.steps import OPERATOR, bought, pdf_text, receipt_mail, sign_in

Visit = Callable[..., Page]


@pytest.fixture
def guest(visit: Visit) -> Page:
    return visit()


@pytest.fixture
def order(guest: Page) -> dict[str, Any]:
    """Two cushions, bought by the guest."""
    return bought(guest, "HC-502", 2)


@pytest.fixture
def operator(visit: Visit) -> Page:
    page = visit()
    page.goto("/admin/")
    sign_in(page, *OPERATOR)
    expect(page.get_by_role("link", name="Orders").first).to_be_visible()
    return page


def test_an_order_is_found_and_refunded(operator: Page, guest: Page, order: dict[str, Any]) -> None:
    operator.goto("/admin/payment/order/")
    search(operator, order["invoice"])
    operator.get_by_role("row", name=order["invoice"]).get_by_role("link").click()
    expect(operator).to_have_url(re.compile(f"/admin/payment/order/{order['order']}/change/"))
    operator.get_by_role("link", name="undo Refund").click()
    operator.get_by_role("button", name="Refund all that is left").click()
    expect(operator.get_by_text("This cannot be undone")).to_be_visible()
    operator.get_by_role("button", name="Yes, refund").dblclick()
    expect(operator.get_by_text("Refunded 73.14 GBP")).to_be_visible()

    guest.goto(f"/orders/{order['order']}/?access={order['access']}")
    expect(guest.get_by_text("paid back")).to_have_count(1)
    credit_note = guest.get_by_role("link", name="Credit note")
    number = credit_note.inner_text().split()[-1]
    expect(operator.get_by_role("row", name=number)).to_contain_text("73.14")
    credit_note.click()
    expect(guest.get_by_role("heading", level=1)).to_have_text(f"Credit note {number}")
    expect(guest.get_by_role("link", name=order["invoice"])).to_be_visible()
    look(guest)
    pdf = guest.get_by_role("link", name="Download as PDF").get_attribute("href") or ""
    assert number in pdf_text(guest.request.get(pdf).body())
    receipt_mail(guest, number)


def test_a_receipt_is_sent_again(operator: Page, order: dict[str, Any], visit: Visit) -> None:
    mail = receipt_mail(operator, order["invoice"])
    expect(mail).not_to_contain_text("sending")
    operator.goto("/admin/receipt/receipt/")
    search(operator, order["invoice"])
    operator.get_by_role("row", name=order["invoice"]).get_by_role("checkbox").check()
    operator.locator("[name=action]").select_option(label="Send again")
    operator.get_by_role("button", name="Run").click()
    expect(operator.get_by_text("Send these receipts again")).to_be_visible()
    operator.get_by_role("button", name="Send again").dblclick()
    expect(operator.get_by_role("heading", name="Receipts sent again")).to_be_visible()
    expect(operator.get_by_role("progressbar", name="1 of 1 done")).to_be_visible()
    look(operator)
    plain = visit("phone", java_script_enabled=False)
    plain.goto("/accounts/login/")
    sign_in(plain, *OPERATOR)
    plain.goto(operator.url)
    expect(plain.get_by_text("1 of 1 done")).to_be_visible()
    plain.get_by_role("link", name="Back to the receipts").click(trial=True)
    phone = visit("phone")
    phone.goto(operator.url)
    sign_in(phone, *OPERATOR)
    expect(phone.get_by_text("1 of 1 done")).to_be_visible()
    look(phone)
    operator.goto("/mails/")
    expect(mail).to_have_count(2)
    expect(mail.first).to_contain_text("sending 2 of 2")


def test_the_back_office_needs_no_scripts(order: dict[str, Any], visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    page.goto("/admin/receipt/receipt/")
    sign_in(page, *OPERATOR)
    search(page, order["invoice"])
    page.get_by_role("row", name=order["invoice"]).get_by_role("checkbox").check()
    page.locator("[name=action]").select_option(label="Send again")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Send again").click()
    again = page.get_by_role("link", name="Look again now")
    while again.count():
        again.click()
    expect(page.get_by_role("heading", name="Receipts sent again")).to_be_visible()


def search(operator: Page, text: str) -> None:
    """In the list that is shown."""
    operator.locator("#searchbar").fill(text)
    operator.locator("#searchbar").press("Enter")
    expect(operator.get_by_text("1 result")).to_be_visible()
