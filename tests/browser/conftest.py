"""Fixtures of the browser tests.

``browser``   One Chromium for the whole package. No longer: while it is open an event loop
              runs in this thread, and Django refuses databases there.
``visit``     ``page = visit("phone", java_script_enabled=False)`` opens a page of somebody new
              at the served shop. When the test ends none of its pages may have complained in
              the console or asked another host.
``page``      ``visit("desktop")``.
``screen``    Runs the test twice; ``"desktop"`` or ``"phone"``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import opened
from tests.browser.looking import SCREENS, watch

SECONDS = 15
"""An element that is not there by then will not come."""


@pytest.fixture(scope="package")
def browser(chromium: Path) -> Iterator[Browser]:
    expect.set_options(timeout=SECONDS * 1000)
    with opened(chromium) as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, shop_server: str) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []
    complaints: list[list[str]] = []

    def start(screen: str = "desktop", **options: Any) -> Page:
        context = browser.new_context(base_url=shop_server, **SCREENS[screen], **options)
        context.set_default_timeout(SECONDS * 1000)
        contexts.append(context)
        complaints.append(watch(context, shop_server))
        return context.new_page()

    yield start
    for context in contexts:
        context.close()
    assert not [each for one in complaints for each in one]


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    return visit()


@pytest.fixture(params=SCREENS)
def screen(request: pytest.FixtureRequest) -> str:
    return str(request.param)
