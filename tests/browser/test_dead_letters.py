"""A message that cannot be handled is set aside; the rest moves; mended, it is tried again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.apps.receipt.mailserver import MailServer
from tests.browser.looking import look
from tests.browser.steps import OPERATOR, sign_in
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

POISONED, WELL = "poison@example.com", "well@example.com"
ATTEMPTS = 2


@pytest.fixture
def mails() -> Iterator[MailServer]:
    """A mail server that has no room for one address."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        server.answers[f"RCPT TO:<{POISONED.upper()}>"] = "452 its mailbox is full"
        yield server
        server.shutdown()


@pytest.fixture
def shop_at(mails: MailServer, serve: Callable[..., Any]) -> str:
    where = f"smtp://127.0.0.1:{mails.server_address[1]}"
    return str(serve(EMAIL_URL=where, EXTRACT_MAX_ATTEMPTS=str(ATTEMPTS)).base_url)


@pytest.fixture
def buy(shop_at: str) -> Iterator[Callable[[str], dict[str, Any]]]:
    transport = HttpTransport(shop_at)
    shop = Shop(transport)

    def bought(email: str) -> dict[str, Any]:
        cart = str(shop.request("POST", "/api/carts/").json["id"])
        shop.put_item(cart, "HC-502", 1)
        answer = shop.checkout(cart, email=email)
        assert answer.status == 201, answer
        return dict(answer.json)

    yield bought
    transport.close()


def test_a_poisoned_receipt_is_set_aside_and_sent_once_it_can_be(
    visit: Callable[..., Page], buy: Callable[[str], dict[str, Any]], mails: MailServer
) -> None:
    poisoned, well = buy(POISONED), buy(WELL)
    page = visit()
    page.goto("/admin/")
    sign_in(page, *OPERATOR)
    letters = "/admin/operations/receiptinboxevent/"
    _until(page, f"{letters}?state__exact=dead", poisoned["order"])
    row = page.get_by_role("row", name=poisoned["order"])
    expect(row).to_contain_text("its mailbox is full")
    page.goto(f"{letters}?state__exact=done")
    expect(page.get_by_role("row", name=well["order"])).to_be_visible()
    assert _sent_to(mails, WELL) == 1

    page.goto("/admin/operations/queues/?refresh=off")
    dead = page.get_by_role("row", name="receipt").get_by_role("link", name="1")
    expect(dead).to_be_visible()
    look(page)

    mails.answers.clear()
    dead.click()
    page.get_by_role("row", name=poisoned["order"]).get_by_role("checkbox").check()
    page.locator("[name=action]").select_option(label="Retry dead letters")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Have these dead letters tried again")).to_be_visible()
    page.get_by_role("button", name="Retry dead letters").click()
    expect(page.get_by_text("Retried: 1.")).to_be_visible()
    _until(page, f"{letters}?state__exact=done", poisoned["order"])
    assert (_sent_to(mails, POISONED), _sent_to(mails, WELL)) == (1, 1)
    page.goto("/admin/operations/receiptverdict/")
    expect(page.get_by_role("row", name=OPERATOR[0])).to_contain_text("Retried")


def _until(page: Page, url: str, text: str) -> None:
    """Look again until it is there."""
    for _ in range(100):
        page.goto(url)
        if page.get_by_role("row", name=text).count():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{text} does not appear at {url}")


def _sent_to(mails: MailServer, email: str) -> int:
    return sum(f"To: {email}".encode() in mail for mail in mails.taken)
