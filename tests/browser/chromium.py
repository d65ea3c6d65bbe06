"""Chromium as the tests and the pictures start it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

# In a container's sandbox, without a graphics card, and silent towards the world.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SECONDS = 15
"""An element that is not there by then will not come."""


@contextmanager
def opened(executable: Path) -> Iterator[Browser]:
    """The browser, closed in the end; what is expected of its pages may take ``SECONDS``."""
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()
