"""Every page of the back office as axe sees it: nothing amiss, in light and in dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from playwright.sync_api import Page

from shop.operations.models import PROXIES
from tests.browser.steps import ADMIN, OPERATOR, bought, sign_in

Visit = Callable[..., Page]

PAGES = (
    "/admin/",
    "/admin/operations/",
    "/admin/operations/queues/",
    "/admin/extract/",
    "/admin/extract/trace/",
    "/admin/password_change/",
    "/admin/product/category/1/history/",
    "/admin/product/category/1/delete/",
    "/admin/product/product/1/receive/",
    "/api/docs/",
    "/mails/",
)
ALIKE = [proxy for (app, _), proxy in PROXIES.items() if app != "payment"]
"""The layer's tables of one app stand for those of the others."""
ALL = {"resultTypes": ["violations"]}
ON_DARK = {**ALL, "runOnly": ["color-contrast"]}
"""What the ground makes a difference to."""


class Findings:
    """What axe finds on the pages that are shown to it, with the element it is about."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._axe = Axe()

    def of(self, page: Page) -> None:
        """Look at the page in light, then on dark ground, as a reader's choice makes it."""
        _choose(page, "light")
        self._note(page, "light", ALL)
        _choose(page, "dark")
        self._note(page, "dark", ON_DARK)

    def _note(self, page: Page, scheme: str, options: dict[str, Any]) -> None:
        for rule in self._axe.run(page, options=options).response["violations"]:
            for node in rule["nodes"]:
                why = " ".join(node["failureSummary"].split())
                self.found.append(f"{page.url} in {scheme}: {node['html'][:200]}: {why}")


def _choose(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.evaluate(
        "dark => document.documentElement.classList.toggle('dark', dark)", scheme == "dark"
    )


@pytest.fixture
def findings() -> Iterator[Findings]:
    findings = Findings()
    yield findings
    assert not findings.found, "\n".join(findings.found)


@pytest.fixture
def reader(visit: Visit) -> Page:
    """Somebody who may see everything; what moves elsewhere stands still for them."""
    page = visit(reduced_motion="reduce", color_scheme="light")
    page.goto("/admin/")
    sign_in(page, *ADMIN)
    page.wait_for_url("/admin/")
    return page


def test_the_door(visit: Visit, findings: Findings) -> None:
    page = visit(color_scheme="light")
    page.goto("/admin/login/")
    findings.of(page)


def test_what_is_asked_before_something_happens(
    reader: Page, visit: Visit, findings: Findings
) -> None:
    order = bought(visit(), "HC-502", 3)
    reader.goto(f"/admin/payment/order/{order['order']}/refund/")
    findings.of(reader)
    reader.get_by_role("spinbutton").first.fill("1")
    reader.get_by_role("button", name="Refund these pieces").click()
    reader.get_by_text("This cannot be undone").wait_for()
    findings.of(reader)
    reader.get_by_role("button", name="Yes, refund").click()
    reader.get_by_text("Refunded").first.wait_for()
    reader.goto("/admin/receipt/receipt/")
    reader.locator("#result_list").get_by_role("checkbox").nth(1).check()
    findings.of(reader)
    reader.locator("[name=action]").select_option(label="Send again")
    reader.get_by_role("button", name="Run").click()
    reader.get_by_role("button", name="Send again").wait_for()
    findings.of(reader)
    reader.get_by_role("button", name="Send again").click()
    reader.get_by_role("progressbar").wait_for()
    findings.of(reader)


def test_the_pages_of_every_day_fit_a_phone_without_scripts(visit: Visit) -> None:
    order = bought(visit(), "HC-502")
    phone = visit("phone", java_script_enabled=False)
    phone.goto("/admin/")
    sign_in(phone, *OPERATOR)
    phone.get_by_role("link", name="Orders under way too long").wait_for()
    assert fits(phone)
    phone.goto(f"/admin/payment/order/{order['order']}/change/")
    assert fits(phone)
    phone.get_by_role("button", name="Send the mail about").click()
    phone.get_by_text("Send these receipts again").wait_for()


def fits(page: Page) -> bool:
    """Whether the page needs no wider screen. Scripts of ours run where the page's do not."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_every_list_and_form(reader: Page, visit: Visit, findings: Findings) -> None:
    bought(visit(), "HC-502")
    for path in PAGES:
        _opened(reader, path)
        findings.of(reader)
    for model in admin.site._registry:
        if model in ALIKE:
            continue
        listed = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        if not _opened(reader, listed):
            continue
        findings.of(reader)
        rows = reader.locator("#result_list a[href*='/change/']")
        form = rows.first.get_attribute("href") if rows.count() else None
        if _opened(reader, f"{listed}add/"):
            findings.of(reader)
        if form and _opened(reader, form):
            findings.of(reader)


def _opened(page: Page, path: str) -> bool:
    """Whether there is such a page for the reader."""
    answer = page.goto(path)
    assert answer is not None
    assert answer.status in (200, 403), f"{path}: {answer.status}"
    return answer.status == 200
