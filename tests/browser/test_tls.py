"""A shop of somebody's own behind their nginx that ends TLS: forms, cookies, addresses, names and
mails are right."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import components
from tests.browser.chromium import SECONDS
from tests.browser.steps import ADA, add_to_cart, fill_address, pay, sign_in
from tests.fleets import Fleet, wait_until
from tests.serving import Server
from tests.tls_proxy import TlsProxy

ADMIN = ("admin@example.com", "admin-demo")
SHOP_FILE = """
shop_name = "Möbius & Daughters"
shipping_price = 7.5
default_from_email = "Möbius <orders@moebius.example>"

[seller]
name = "Möbius & Töchter OHG"
line1 = "Ringstraße 1"
city = "Köln"
country = "DE"
email = "office@moebius.example"
"""


@pytest.fixture(scope="module", params=["monolith", "fleet"])
def proxy(
    request: pytest.FixtureRequest, _template: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TlsProxy]:
    """In front of the one process, then of a gateway with payment outside."""
    components.needed("nginx with Lua", components.nginx())
    proxy = TlsProxy(tmp_path_factory.mktemp("tls"))
    data_dir, where = _template.copy(demo=True)
    (data_dir / "shop.toml").write_text(SHOP_FILE)
    env = {"BASE_URL": proxy.url, "TRUSTED_PROXIES": "127.0.0.1", "ALLOWED_HOSTS": "", **where}
    shop: Server | Fleet
    if request.param == "monolith":
        shop = Server(data_dir=data_dir, env=env)
        shop.start()
    else:
        shop = Fleet(data_dir, {**env, "ALLOWED_HOSTS": proxy.host}, prepare=False)
        shop.start("home=1", "payment=1")
    proxy.data_dir = data_dir
    try:
        yield proxy.start(shop.base_url)
    finally:
        proxy.stop()
        shop.stop()


@pytest.fixture
def page(proxy: TlsProxy, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(base_url=proxy.url, ignore_https_errors=True)
    context.set_default_timeout(SECONDS * 1000)
    yield context.new_page()
    context.close()


def asked(url: str, method: str, path: str, **headers: str) -> http.client.HTTPResponse:
    """The proxy's answer; underscores in ``headers`` stand for hyphens."""
    at = urlsplit(url)
    connection: http.client.HTTPConnection
    if at.scheme == "https":
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", at.port, context=context, timeout=30)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", at.port, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers={"Host": at.netloc, **named})
    return connection.getresponse()


def test_people_buy_and_work_there(proxy: TlsProxy, page: Page) -> None:
    add_to_cart(page, "copper-rim-teapot")
    expect(page).to_have_title("Cart · Möbius & Daughters")
    page.goto("/checkout/")
    expect(page.get_by_text("£7.50")).to_be_visible()
    fill_address(page)
    pay(page)
    assert page.url.startswith(f"{proxy.url}/orders/")
    page.goto("/accounts/login/?next=/admin/product/category/add/")
    sign_in(page, *ADMIN)
    page.locator("#id_name").fill("Made over TLS")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert {"__Host-sessionid", "__Host-csrftoken"} <= cookies.keys()
    assert all(name.startswith("__Host-") for name in cookies)
    assert all(cookie["secure"] and cookie["path"] == "/" for cookie in cookies.values())


def test_the_receipt_is_of_who_sells_there(proxy: TlsProxy) -> None:
    """Of the order above, whichever process wrote it."""
    assert proxy.data_dir is not None
    mails = proxy.data_dir / "mails"
    wait_until(lambda: mails.is_dir() and list(mails.glob("*.eml")))
    mail = message_from_bytes(_only(mails).read_bytes(), policy=modern)
    assert mail["From"] == "Möbius <orders@moebius.example>"
    assert "Your receipt from Möbius & Daughters: invoice" in mail["Subject"]
    assert mail["Message-ID"].endswith("@moebius.example>")
    text = mail.get_body(("plain",)).get_content()
    assert f"{proxy.url}/orders/" in text
    assert text.rstrip().endswith("Möbius & Töchter OHG, Ringstraße 1, Köln")


def _only(mails: Path) -> Path:
    (mail,) = mails.glob("*.eml")
    return mail


def test_mails_are_not_for_whoever_comes_along(proxy: TlsProxy, page: Page) -> None:
    answer = page.goto("/mails/")
    assert answer is not None
    assert page.url == f"{proxy.url}/accounts/login/?next=/mails/"
    sign_in(page, *ADA)
    expect(page.get_by_role("heading", name="There is nothing on this shelf")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/mails/")
    sign_in(page, *ADMIN)
    expect(page).to_have_title("Mails · Möbius & Daughters")


def test_who_comes_by_https_is_told_to_stay_and_by_http_to_come_over(proxy: TlsProxy) -> None:
    secure = asked(proxy.url, "GET", "/products/")
    assert (secure.status, "max-age=" in secure.headers["Strict-Transport-Security"]) == (200, True)
    plain = asked(proxy.plain_url, "GET", "/products/?page=1")
    assert (plain.status, plain.headers["Location"]) == (301, f"{proxy.url}/products/?page=1")
    assert asked(proxy.plain_url, "GET", "/health/live/").status == 200


def test_a_form_of_another_site_is_refused(proxy: TlsProxy) -> None:
    for origin in ("https://evil.example", proxy.plain_url):
        assert asked(proxy.url, "POST", "/accounts/login/", Origin=origin).status == 403
