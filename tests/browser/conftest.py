"""Fixtures of the browser tests.

``browser``   One Chromium for the whole package. No longer: while it is open an event loop
              runs in this thread, and Django refuses databases there.
``shop_at``   The base URL of the shop: of the process that all share, unless the test is to run
              ``everywhere`` (see ``places``).
``visit``     ``page = visit("phone", java_script_enabled=False)`` opens a page of somebody new
              there. When the test ends none of its pages may have complained in the console
              or asked another host.
``page``      ``visit("desktop")``.
``screen``    Runs the test twice; ``"desktop"`` or ``"phone"``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests import components
from tests.browser.chromium import SECONDS, opened
from tests.browser.looking import SCREENS, watch
from tests.browser.places import Placed
from tests.fleets import Fleet


@pytest.fixture(scope="package")
def browser(chromium: Path) -> Iterator[Browser]:
    with opened(chromium) as browser:
        yield browser


@pytest.fixture
def shop_at(request: pytest.FixtureRequest) -> str:
    placement = getattr(request, "param", "monolith")
    if placement == "monolith":
        return str(request.getfixturevalue("shop_server"))
    return str(request.getfixturevalue("placed").at(placement))


@pytest.fixture(scope="package")
def placed(_template: Any) -> Iterator[Placed]:
    """The demo shop as a fleet."""
    components.redis_server()
    components.needed("nginx with Lua", components.nginx())
    data_dir, where = _template.copy(demo=True)
    env = {"ALLOWED_HOSTS": "", "EXTRACT_SHOW_INSTANCE": "1", **where}
    fleet = Fleet(data_dir, env, prepare=False)
    try:
        yield Placed(fleet.start())
    finally:
        fleet.stop()


@pytest.fixture
def visit(browser: Browser, shop_at: str) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []
    complaints: list[list[str]] = []

    def start(screen: str = "desktop", **options: Any) -> Page:
        context = browser.new_context(base_url=shop_at, **SCREENS[screen], **options)
        context.set_default_timeout(SECONDS * 1000)
        contexts.append(context)
        complaints.append(watch(context, shop_at))
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
