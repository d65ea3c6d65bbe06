"""The page of queues as an operator sees it: on a desk, on a phone, and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.steps import OPERATOR, sign_in


@pytest.fixture
def operator(visit: Callable[..., Page], screen: str) -> Page:
    page = visit(screen)
    page.goto("/admin/operations/queues/?refresh=off")
    sign_in(page, *OPERATOR)
    return page


def test_it_reads_well(operator: Page) -> None:
    table = operator.get_by_role("table", name="What waits for each app")
    expect(table.get_by_role("row", name="Receipt")).to_be_visible()
    look(operator)
    operator.get_by_role("link", name="dead letters of receipt").click()
    expect(operator).to_have_url("/admin/operations/receiptinboxevent/?state__exact=dead")


def test_it_needs_no_scripts(visit: Callable[..., Page]) -> None:
    page = visit("phone", java_script_enabled=False)
    page.goto("/accounts/login/?next=/admin/operations/queues/")
    sign_in(page, *OPERATOR)
    expect(page.get_by_role("row", name="Receipt")).to_be_visible()
