"""What people do in the shop, one step each."""

from __future__ import annotations

import re
import time
import uuid
from io import BytesIO
from typing import Any

from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from tests.browser.chromium import SECONDS

GRACE = {
    "Name": "Grace Hopper",
    "E-mail": "grace@example.com",
    "Address": "1 Long Lane",
    "Town or city": "London",
    "Postcode": "EC1A 9HF",
}
ADA = ("ada@example.com", "customer-demo")
OPERATOR = ("operator@example.com", "operator-demo")
ADMIN = ("admin@example.com", "admin-demo")


def add_to_cart(page: Page, slug: str, quantity: int = 1) -> None:
    """From the product's page to the cart."""
    page.goto(f"/products/{slug}/")
    page.get_by_label("Quantity").fill(str(quantity))
    page.get_by_role("button", name="Put in the cart").click()
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()


def fill_address(page: Page, said: dict[str, str] = GRACE) -> None:
    for label, value in said.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Country").select_option("GB")


def pay(page: Page) -> None:
    """Press the button and see the order."""
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def sign_in(page: Page, email: str, password: str) -> None:
    """Fill in and send the form that is shown."""
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Password").press("Enter")


def invoice_number(page: Page) -> str:
    """Of the order that is shown."""
    link = page.get_by_role("link", name="Look at invoice")
    return link.inner_text().split()[-1]


def pieces_in_stock(page: Page, slug: str) -> int:
    answer = page.request.get(f"/products/{slug}/")
    found = re.search(r"(\d+) in stock", answer.text())
    assert found, f"{slug} does not say how many are in stock"
    return int(found[1])


def receipt_mail(page: Page, number: str) -> Locator:
    """The entry in the list of mails, once the mail is there."""
    entry = page.locator("main li", has_text=number)
    until = time.monotonic() + SECONDS
    while number not in page.request.get("/mails/").text():
        assert time.monotonic() < until, f"there is no mail about {number}"
        time.sleep(0.1)
    page.goto("/mails/")
    expect(entry).to_have_count(1)
    return entry


def pdf_text(content: bytes) -> str:
    assert content.startswith(b"%PDF-")
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def bought(
    page: Page, sku: str, quantity: int = 1, *, name: str = "Grace Hopper", country: str = "GB"
) -> dict[str, Any]:
    """Somebody buys through the API; its answer."""
    cart = page.request.post("/api/carts/").json()["id"]
    page.request.put(f"/api/carts/{cart}/items/{sku}/", data={"quantity": quantity})
    address = {"line1": "1 Long Lane", "city": "Longtown", "country": country}
    answer = page.request.post(
        "/api/checkout/",
        headers={"Idempotency-Key": str(uuid.uuid4())},
        data={
            "cart": cart,
            "email": f"{name.split()[0].lower()}@example.com",
            "name": name,
            "address": address,
            "payment": {"provider": "test", "token": "tok_visa"},
        },
    )
    assert answer.status == 201, answer.text()
    order: dict[str, Any] = answer.json()
    return order
