"""What must hold of a page at any moment: it reads well, and it keeps to itself."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 375, "height": 812}, "is_mobile": True, "has_touch": True},
}
NARROW = 360
"""Pixels; no page may need a wider screen."""
SERIOUS = ("serious", "critical")


def look(page: Page) -> None:
    """Fail if the page scrolls sideways, or axe finds something serious in it."""
    page.wait_for_load_state()
    size = page.viewport_size
    assert size is not None
    if size["width"] < 2 * NARROW:
        page.set_viewport_size({"width": NARROW, "height": size["height"]})
        _assert_fits(page, NARROW)
        page.set_viewport_size(size)
    _assert_fits(page, size["width"])
    found = Axe().run(page).response["violations"]
    serious = [(f["id"], f["nodes"][0]["html"]) for f in found if f["impact"] in SERIOUS]
    assert not serious, f"{page.url} at {size['width']}: {serious}"


def _assert_fits(page: Page, width: int) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, f"{page.url} is {wide} pixels wide on a screen of {width}"


def watch(context: BrowserContext, base_url: str) -> list[str]:
    """A list that fills with what the context's pages complain of and whom else they ask."""
    complaints: list[str] = []
    own = (f"{base_url}/", "data:", "blob:")
    pages: set[str] = set()

    def requested(request: Any) -> None:
        if not request.url.startswith(own):
            complaints.append(f"asked another host: {request.url}")
        if request.is_navigation_request():
            pages.add(request.url)

    def said(message: Any) -> None:
        # The browser notes every page that comes with a 4xx; what it says is the tests' matter.
        is_refusal = message.text.startswith("Failed to load resource: the server responded")
        if message.type == "error" and not (is_refusal and message.location["url"] in pages):
            complaints.append(f"on {message.location['url']}: {message.text}")

    context.on("request", requested)
    context.on("console", said)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    return complaints
