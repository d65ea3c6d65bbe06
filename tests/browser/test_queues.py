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


def test_it_looks_again_by_itself_and_leaves_the_reader_where_they_are(
    visit: Callable[..., Page],
) -> None:
    page = visit()
    page.goto("/accounts/login/?next=/admin/operations/queues/")
    sign_in(page, *OPERATOR)
    link = page.get_by_role("link", name="dead letters of receipt")
    link.focus()
    page.evaluate("document.querySelector('#receipt').remove()")
    expect(link).to_have_count(0)
    page.get_by_role("link", name="Stop that").focus()
    expect(link).to_have_count(1)
    expect(page.get_by_role("link", name="Stop that")).to_be_focused()


def test_it_needs_no_scripts(visit: Callable[..., Page]) -> None:
    page = visit("phone", java_script_enabled=False)
    page.goto("/accounts/login/?next=/admin/operations/queues/")
    sign_in(page, *OPERATOR)
    expect(page.get_by_role("row", name="Receipt")).to_be_visible()
    expect(page.get_by_text("looks again")).to_be_hidden()
    page.get_by_role("link", name="Look again now").click()
    expect(page.get_by_role("row", name="Receipt")).to_be_visible()
