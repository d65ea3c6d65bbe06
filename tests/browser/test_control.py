"""The control page over a fleet: seen live and acted on, on a desk, on a phone and in the dark."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import components
from tests.apps.receipt.mailserver import MailServer
from tests.browser.looking import look
from tests.browser.steps import OPERATOR, sign_in
from tests.fleets import Fleet, kill
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

ADMIN = ("admin@example.com", "admin-demo")
LIMITED = ("lena@example.com", "limited-demo")
PAGE = "/admin/extract/"
MAKE_LIMITED = f"""
from django.contrib.auth.models import Group, Permission
from shop.accounts.models import User
user = User.objects.create_user("{LIMITED[0]}", "{LIMITED[1]}", is_staff=True)
group = Group.objects.create(name="Looks on")
group.permissions.add(Permission.objects.get(codename="view_control"))
user.groups.add(group)
"""
LEAVES_WITHIN = 2.0
"""Seconds, as is promised of the page."""
BUYER = "grace@example.com"


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    """A mail server that can be told to have no room for an address."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def fleet(_template: Any, mails: MailServer) -> Iterator[Fleet]:
    """Two instances of product and payment; the other apps are at home."""
    components.redis_server()
    components.needed("nginx with Lua", components.nginx())
    data_dir, where = _template.copy(demo=True)
    mail = f"smtp://127.0.0.1:{mails.server_address[1]}"
    env = {"ALLOWED_HOSTS": "", "EXTRACT_MAX_ATTEMPTS": "1", "EMAIL_URL": mail, **where}
    fleet = Fleet(data_dir, env, prepare=False)
    try:
        made = fleet.manage("shell", "-c", MAKE_LIMITED)
        assert made.returncode == 0, made.stderr
        yield fleet.start("product=2", "payment=2")
    finally:
        fleet.stop()


@pytest.fixture
def shop_at(fleet: Fleet) -> str:
    return fleet.base_url


@pytest.fixture
def buy(shop_at: str) -> Iterator[Callable[[], str]]:
    """A stranger buys something; the order's id."""
    transport = HttpTransport(shop_at)
    shop = Shop(transport)

    def bought() -> str:
        cart = str(shop.request("POST", "/api/carts/").json["id"])
        shop.put_item(cart, "HC-502", 1)
        answer = shop.checkout(cart, email=BUYER)
        assert answer.status == 201, answer
        return str(answer.json["order"])

    yield bought
    transport.close()


@pytest.fixture
def control(visit: Callable[..., Page]) -> Callable[..., Page]:
    """The page of somebody who has signed in, on a screen."""

    def opened(
        screen: str = "desktop", who: tuple[str, str] = OPERATOR, url: str = PAGE, **options: Any
    ) -> Page:
        page = visit(screen, **options)
        page.goto(f"/accounts/login/?next={url}")
        sign_in(page, *who)
        expect(page.get_by_role("heading", name="Instances")).to_be_visible()
        return page

    return opened


def row(page: Page, id: str) -> Any:
    return page.locator(f"#instance-{id}")


def test_who_is_killed_leaves_the_map_and_who_comes_is_on_it(
    control: Callable[..., Page], fleet: Fleet
) -> None:
    page = control()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    before = fleet.instances("product")
    killed, pid = next(iter(before.items()))
    chip = page.locator(".control-map .chip", has_text=killed)
    expect(chip).to_have_count(1)
    kill(pid)
    gone = "id => !document.querySelector('.control-map').textContent.includes(id)"
    page.wait_for_function(gone, arg=killed, timeout=LEAVES_WITHIN * 1000)
    expect(row(page, killed)).to_have_count(0)
    # The supervisor starts another one.
    expect(page.locator("#app-product")).to_contain_text("2 instances")
    expect(page.locator(".control-map .chip")).to_have_count(
        sum(len(fleet.instances(role)) + len(fleet.workers(role)) for role in
            ("home", "identity", "product", "payment", "invoice", "receipt"))
    )  # fmt: skip


def test_one_is_drained_with_a_click_and_enabled_again(
    control: Callable[..., Page], fleet: Fleet
) -> None:
    page = control()
    id = next(iter(fleet.instances("payment")))
    page.get_by_role("link", name=f"Drain payment/{id}").click()
    expect(page.get_by_text("It gets no new work then")).to_be_visible()
    look(page)
    page.get_by_role("button", name=f"Drain payment/{id}").click()
    expect(page.get_by_text(f"payment/{id} is drained.")).to_be_visible()
    expect(row(page, id)).to_contain_text("drained")
    expect(page.locator(".control-map .chip.warns", has_text=id)).to_contain_text("drained")
    page.get_by_role("link", name=f"Enable payment/{id}").click()
    page.get_by_role("button", name=f"Enable {id}").click()
    expect(row(page, id)).to_contain_text("up")


def test_an_app_is_scaled(control: Callable[..., Page], fleet: Fleet) -> None:
    page = control(who=ADMIN)
    page.get_by_role("link", name="Scale product").click()
    page.get_by_label("Instances").fill("1")
    page.get_by_role("button", name="Scale product").click()
    expect(page.get_by_text("product: from 2 to 1 instances")).to_be_visible()
    expect(page.locator("#app-product")).to_contain_text("1 instance")
    page.get_by_role("link", name="Scale product").click()
    page.get_by_label("Instances").fill("2")
    page.get_by_role("button", name="Scale product").click()
    expect(page.locator("#app-product")).to_contain_text("2 instances")


def test_a_queue_is_paused_and_what_waited_arrives_when_it_goes_on(
    control: Callable[..., Page], buy: Callable[[], str]
) -> None:
    page = control()
    page.get_by_role("link", name="Pause the queue of receipt").click()
    page.get_by_role("button", name="Pause the queue of receipt").click()
    expect(page.locator("#queue-receipt")).to_contain_text("paused by operator@example.com")
    order = buy()
    waiting = page.locator("#queue-receipt [data-label=Waiting]")
    expect(waiting).to_have_text(re.compile("[1-9]"))
    look(page)
    page.get_by_role("link", name="Resume the queue of receipt").click()
    page.get_by_role("button", name="Resume the queue of receipt").click()
    expect(page.locator("#queue-receipt")).not_to_contain_text("paused")
    expect(waiting).to_have_text("0")
    answer = page.request.get(f"/api/receipts/{order}/")
    assert answer.json()["status"] == "sent"


def test_a_dead_letter_is_retried_with_a_click_and_arrives(
    control: Callable[..., Page], buy: Callable[[], str], mails: MailServer
) -> None:
    page = control()
    mails.answers[f"RCPT TO:<{BUYER.upper()}>"] = "452 its mailbox is full"
    order = buy()
    letter = page.locator("#control-state li", has_text=order)
    expect(letter).to_contain_text("its mailbox is full")
    expect(letter).to_contain_text("receipt")
    look(page)
    mails.answers.clear()
    before = len(mails.taken)
    letter.get_by_role("link", name="Retry").click()
    expect(page.get_by_text("It is tried anew")).to_be_visible()
    page.get_by_role("button", name="Retry a dead letter of receipt").click()
    expect(page.get_by_text(f"Retried: payment.OrderPaid of {order}.")).to_be_visible()
    expect(page.locator("#queue-receipt [data-label=Waiting]")).to_have_text("0")
    expect(letter).to_have_count(0)
    assert page.request.get(f"/api/receipts/{order}/").json()["status"] == "sent"
    assert len(mails.taken) == before + 1


def test_who_may_only_look_sees_no_button_and_gets_403(
    control: Callable[..., Page], fleet: Fleet
) -> None:
    page = control(who=LIMITED)
    expect(page.locator("#control-state .control-actions")).to_have_count(0)
    id = next(iter(fleet.instances("payment")))
    cookies = page.context.cookies()
    csrf = next(each["value"] for each in cookies if each["name"].endswith("csrftoken"))
    for action in (f"instances/{id}/drain/", "queues/receipt/pause/", "apps/product/scale/"):
        answer = page.request.post(
            f"{PAGE}{action}", form={"csrfmiddlewaretoken": csrf, "count": "1"}
        )
        assert answer.status == 403, action


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_it_reads_well(control: Callable[..., Page], screen: str, scheme: str) -> None:
    page = control(screen, color_scheme=scheme)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    look(page)


def test_what_is_in_hand_stays_while_the_page_looks_again(
    control: Callable[..., Page], buy: Callable[[], str]
) -> None:
    page = control()
    action = page.get_by_role("link", name="Pause the queue of invoice")
    action.focus()
    with page.expect_response(lambda answer: "state.json" in answer.url and answer.status == 200):
        buy()
    with page.expect_response(lambda answer: "state.json" in answer.url):
        pass
    expect(action).to_be_focused()


def test_a_hidden_page_asks_for_nothing(control: Callable[..., Page]) -> None:
    page = control()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    expect(page.get_by_text("paused", exact=True)).to_be_visible()


def test_it_needs_no_scripts(control: Callable[..., Page], fleet: Fleet) -> None:
    page = control("phone", java_script_enabled=False)
    expect(page.get_by_role("img", name="What runs and who asks whom")).to_be_attached()
    id = next(iter(fleet.instances("payment")))
    expect(row(page, id)).to_contain_text("up")
    page.get_by_role("link", name="Hour").click()
    expect(page.get_by_text("in the last hour").first).to_be_visible()
    page.get_by_role("link", name="Look again").click()
    page.get_by_role("link", name="Pause the queue of invoice").click()
    page.get_by_role("button", name="Pause the queue of invoice").click()
    expect(page.locator("#queue-invoice")).to_contain_text("paused")
    page.get_by_role("link", name="Resume the queue of invoice").click()
    page.get_by_role("button", name="Resume the queue of invoice").click()
    expect(page.locator("#queue-invoice")).not_to_contain_text("paused")
