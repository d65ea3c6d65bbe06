"""The pictures of the README, taken from real runs: ``python -m tests.browser.pictures``.

Writes ``docs/pictures/*.png``, each at most 1280 pixels wide and 200 KB large. With an argument,
only those of ``shop`` (one process) or of ``fleet`` (many, under load).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, expect

from tests import components
from tests.browser.chromium import opened
from tests.browser.looking import SCREENS
from tests.browser.steps import OPERATOR, add_to_cart, bought, fill_address, pay, sign_in
from tests.fleets import Fleet
from tests.load.driver import Mix, drive
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop
from tests.serving import Server
from tests.serving.server import ROOT

FOLDER = ROOT / "docs" / "pictures"
LARGEST = 200 * 1024
"""Bytes of a picture."""
APPS = ("home=1", "product=2", "payment=3", "invoice=2", "receipt=1")
LOAD_SECONDS = 30
MAP_SCREEN = {"width": 1496, "height": 900}
"""On which the map with its margin is as wide as a picture."""
MARGIN = 12


def main() -> None:
    try:
        chromium = components.chromium()
    except pytest.skip.Exception as missing:
        raise SystemExit(f"No pictures: {missing}.") from None
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[1:] or ["shop", "fleet"]
    with opened(chromium) as browser:
        if "shop" in wanted:
            with demo_shop() as base_url:
                take_shop(visitor(browser, base_url))
                take_phone(visitor(browser, base_url, "phone"))
                take_admin(visitor(browser, base_url))
        if "fleet" in wanted:
            with demo_fleet() as fleet:
                take_fleet(browser, fleet)


@contextmanager
def demo_shop() -> Iterator[str]:
    """The base URL of a served demo shop of its own."""
    with tempfile.TemporaryDirectory(prefix="shop-pictures-") as directory:
        server = Server(data_dir=Path(directory), env={"ALLOWED_HOSTS": "", "DEBUG": "0"})
        for command in (["migrate"], ["collectstatic", "--no-input"], ["demo"]):
            done = server.manage(*command)
            if done.returncode:
                raise SystemExit(f"manage.py {command[0]} failed:\n{done.stderr}")
        try:
            yield server.start().base_url
        finally:
            server.stop()


@contextmanager
def demo_fleet() -> Iterator[Fleet]:
    """The demo shop as a fleet with ``APPS``."""
    with tempfile.TemporaryDirectory(prefix="shop-pictures-") as directory:
        fleet = Fleet(Path(directory), {"ALLOWED_HOSTS": "", "DEBUG": "0"})
        for command in (["migrate"], ["collectstatic", "--no-input"], ["demo"]):
            done = fleet.manage(*command)
            if done.returncode:
                raise SystemExit(f"manage.py {command[0]} failed:\n{done.stderr}")
        try:
            yield fleet.start(*APPS)
        finally:
            fleet.stop()


def visitor(browser: Browser, base_url: str, screen: str = "desktop") -> Page:
    return browser.new_context(base_url=base_url, **SCREENS[screen]).new_page()


def take_shop(page: Page) -> None:
    """A guest's way from the home page to the order."""
    page.goto("/")
    take(page, "home")
    page.goto("/products/")
    take(page, "products")
    add_to_cart(page, "owl-paper-lantern", 2)
    page.goto("/products/copper-rim-teapot/")
    take(page, "product")
    add_to_cart(page, "copper-rim-teapot")
    page.goto("/checkout/")
    fill_address(page)
    page.get_by_role("heading", name="Checkout").click()
    take(page, "checkout")
    pay(page)
    page.reload()
    take(page, "order")


def take_phone(page: Page) -> None:
    page.goto("/products/?category=home")
    take(page, "phone")


def take_admin(page: Page) -> None:
    """The orders in the back office, one of them paid back."""
    orders = [
        bought(page, sku, quantity, name=name, country=country)
        for name, country, sku, quantity in (
            ("Alan Turing", "GB", "KT-101", 4),
            ("Emmy Noether", "DE", "LT-206", 1),
            ("Mary Jackson", "US", "PI-305", 6),
            ("Ida Rhodes", "US", "BK-407", 1),
            ("Lise Meitner", "SE", "HC-505", 3),
            ("Hedy Lamarr", "AT", "GG-602", 2),
        )
    ]
    page.goto("/admin/")
    sign_in(page, *OPERATOR)
    expect(page.get_by_role("link", name="Orders").first).to_be_visible()
    page.goto(f"/admin/payment/order/{orders[2]['order']}/refund/")
    page.get_by_role("button", name="Refund all that is left").click()
    page.get_by_role("button", name="Yes, refund").click()
    expect(page.get_by_text("Refunded")).not_to_have_count(0)
    page.goto("/admin/payment/order/")
    take(page, "admin")
    page.goto("/admin/operations/queues/?refresh=off")
    take(page, "queues")


def take_fleet(browser: Browser, fleet: Fleet) -> None:
    """The control page under load with one instance drained, and the way of one purchase whose
    provider had to be asked twice."""
    transport = HttpTransport(fleet.base_url)
    shop = Shop(transport)
    skus = [each["sku"] for each in shop.request("GET", "/api/products/").json["results"]]
    shop.buy(**{skus[0]: 1})  # every process has been asked once
    fleet.manage("extract", "drain", min(fleet.instances("payment")))
    pages = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(
            base_url=fleet.base_url, viewport=MAP_SCREEN, color_scheme=scheme
        )
        pages[scheme] = context.new_page()
        pages[scheme].goto("/accounts/login/?next=/admin/extract/")
        sign_in(pages[scheme], *OPERATOR)
        expect(pages[scheme].get_by_text("live", exact=True)).to_be_visible()
    with ThreadPoolExecutor(1) as beside:
        mix = Mix(rate=5, buy=0.4, signed_in=0)
        visits = beside.submit(drive, fleet.base_url, skus, seconds=LOAD_SECONDS, seed=7, mix=mix)
        cart = shop.filled_cart(**{skus[0]: 1})
        id = {"X-Request-ID": "buy-timeout"}
        order = shop.checkout(cart, token="tok_timeout", headers=id).json["order"]
        pages["light"].wait_for_timeout(1000 * LOAD_SECONDS * 0.8)
        for scheme, page in pages.items():
            take(page, f"control-{scheme}", ".control-summary", ".control-map svg")
        visits.result()
    transport.close()
    for scheme, page in pages.items():
        page.goto("/admin/extract/trace/?id=buy-timeout")
        take(page, f"trace-{scheme}", ".trace section h2", ".trace .way")
    page = pages["light"]
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/admin/")
    take(page, "first-page")
    page.goto(f"/admin/payment/order/{order}/change/")
    take(page, "order-life")


def take(page: Page, name: str, *parts: str) -> None:
    """Keep what the screen shows, or the page from the first of the parts to the last, in as few
    colours as it takes."""
    page.wait_for_load_state("load" if parts else "networkidle")
    page.evaluate("document.fonts.ready")
    clip = around(page, parts) if parts else None
    taken = page.screenshot(animations="disabled", full_page=bool(parts), clip=clip)
    shot = Image.open(BytesIO(taken)).convert("RGB")
    for colours in (256, 128, 64):
        packed = BytesIO()
        shot.quantize(colours, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
        if packed.tell() <= LARGEST:
            break
    else:
        raise SystemExit(f"{name}.png has {packed.tell()} bytes; at most {LARGEST} are wanted.")
    (FOLDER / f"{name}.png").write_bytes(packed.getvalue())
    print(f"docs/pictures/{name}.png {shot.width} × {shot.height}, {packed.tell() // 1024} KB")


def around(page: Page, parts: Sequence[str]) -> FloatRect:
    """Where the parts are on the page, with a margin but below: there the next part begins."""
    boxes = [box for part in parts if (box := page.locator(part).first.bounding_box())]
    left = min(box["x"] for box in boxes) - MARGIN
    top = min(box["y"] for box in boxes) - MARGIN
    right = max(box["x"] + box["width"] for box in boxes) + MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes)
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


if __name__ == "__main__":
    main()
