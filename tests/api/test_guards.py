"""What guards a browser: tokens, origins, cookies, policies, and doors that stay shut."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import ACCOUNTS, SKU
from tests.api.wire import RawAnswer, Wire, assert_problem
from tests.scenarios.shop import form_fields

FORM = b"Content-Type: application/x-www-form-urlencoded"
PAGES = (
    "/",
    "/products/",
    "/products/a-year-of-soups/",
    "/products/?search=%3Cscript%3E",
    "/cart/",
    "/checkout/",
    "/accounts/login/",
    "/accounts/register/",
    "/accounts/password-reset/",
    "/accounts/mail-sent/",
    "/accounts/profile/",
    "/accounts/data/",
    "/accounts/again/",
    "/orders/",
    "/orders/{order}/?access={access}",
    "/invoices/{invoice}/?access={access}",
    "/mails/",
    "/nothing-here/",
)


class Session:
    """A browser's cookies after signing in, and the token of its forms."""

    def __init__(self, wire: Wire, account: str) -> None:
        login = wire.send(b"GET /accounts/login/ HTTP/1.1")
        token = form_fields(login.text)["csrfmiddlewaretoken"]
        csrf = login.headers["set-cookie"].partition(";")[0]
        email, password = ACCOUNTS[account]
        body = f"csrfmiddlewaretoken={token}&username={email}&password={password}".encode()
        answer = wire.send(
            b"POST /accounts/login/ HTTP/1.1",
            *(FORM, b"Cookie: " + csrf.encode(), b"Content-Length: %d" % len(body)),
            body=body,
        )
        assert answer.status == 302, answer
        self.set = answer.all("set-cookie")
        cookies = dict(line.partition(";")[0].split("=", 1) for line in self.set)
        self.cookie = f"Cookie: csrftoken={cookies['csrftoken']}; sessionid={cookies['sessionid']}"
        self.token = f"X-CSRFToken: {cookies['csrftoken']}".encode()

    @property
    def header(self) -> bytes:
        return self.cookie.encode()


@pytest.fixture(scope="module")
def session(wire: Wire) -> Session:
    return Session(wire, "ada")


def post(wire: Wire, path: str, *headers: bytes, body: bytes = b"") -> RawAnswer:
    length = b"Content-Length: %d" % len(body)
    return wire.send(f"POST {path} HTTP/1.1".encode(), *headers, length, body=body)


def origins(wire: Wire) -> tuple[bytes, ...]:
    return (
        b"Origin: https://evil.example",
        b"Origin: null",
        b"Origin: https://" + wire.host,
        b"Origin: http://" + wire.host + b".evil.example",
        b"Origin: http://evil.example/" + wire.host,
    )


def test_a_write_with_a_cookie_needs_its_token(wire: Wire, session: Session) -> None:
    assert_problem(post(wire, "/api/carts/", session.header), 403, "csrf-failed")
    forged = b"X-CSRFToken: " + b"a" * 32
    assert_problem(post(wire, "/api/carts/", session.header, forged), 403, "csrf-failed")
    assert post(wire, "/api/carts/", session.header, session.token).status == 201
    assert post(wire, "/cart/add/", session.header, FORM, body=b"sku=x&quantity=1").status == 403


def test_a_write_with_a_cookie_from_another_origin_is_a_403(wire: Wire, session: Session) -> None:
    told = (session.header, session.token)
    for origin in origins(wire):
        assert_problem(post(wire, "/api/carts/", *told, origin), 403, "csrf-failed")
        body = b"sku=%s&quantity=1" % SKU.encode()
        assert post(wire, "/cart/add/", *told, FORM, origin, body=body).status == 403
    assert post(wire, "/api/carts/", *told, b"Origin: http://" + wire.host).status == 201


def test_no_other_origin_is_invited(wire: Wire, session: Session) -> None:
    for origin in origins(wire):
        asked = b"Access-Control-Request-Method: POST"
        for line in (b"OPTIONS /api/checkout/ HTTP/1.1", b"GET /api/orders/ HTTP/1.1"):
            answer = wire.send(line, session.header, origin, asked)
            assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "http:evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "%09//evil.example",
        "/%09/evil.example",
        "https://127.0.0.1@evil.example/",
        "%20//evil.example",
        "evil",
        "payment:orders",
    ],
)
def test_next_stays_here(wire: Wire, wanted: str) -> None:
    page = wire.send(f"GET /accounts/login/?next={wanted} HTTP/1.1".encode())
    assert page.status == 200
    token = form_fields(page.text)["csrfmiddlewaretoken"]
    cookie = b"Cookie: " + page.headers["set-cookie"].partition(";")[0].encode()
    email, password = ACCOUNTS["ada"]
    own = f"csrfmiddlewaretoken={token}&next={wanted}"
    login = f"{own}&username={email}&password={password}".encode()
    add = f"{own}&sku={SKU}&quantity=1".encode()
    for path, body in (("/accounts/login/", login), ("/cart/add/", add), ("/admin/login/", login)):
        answer = post(wire, f"{path}?next={wanted}", FORM, cookie, body=body)
        assert answer.status in (200, 302)
        location = answer.headers.get("location", "/")
        assert "evil.example" not in location
        assert "//" not in location
        assert ":" not in location


@pytest.mark.parametrize("page", PAGES)
def test_every_page_carries_its_guards(
    wire: Wire, session: Session, bought: dict[str, Any], page: str
) -> None:
    for cookies in ((), (session.header,)):
        line = f"GET {page.format(**bought)} HTTP/1.1".encode()
        answer = wire.send(line, *cookies)
        assert answer.status in (200, 302, 404)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "x-powered-by" not in answer.headers
        for inline in (" onclick=", " onload=", " style=", "<style", "javascript:", "http://unpkg"):
            assert inline not in answer.text
        for script in answer.text.split("<script")[1:]:
            assert "src=" in script.partition(">")[0] or "json" in script.partition(">")[0]


@pytest.mark.parametrize("path", ["/api/products/", "/api/orders/", "/api/docs/", "/admin/login/"])
def test_the_api_and_the_back_office_are_not_framed_or_sniffed(wire: Wire, path: str) -> None:
    answer = wire.send(f"GET {path} HTTP/1.1".encode())
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "https:" not in answer.headers["content-security-policy"]


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(wire: Wire, session: Session) -> None:
    assert {line.partition("=")[0] for line in session.set} >= {"sessionid", "csrftoken"}
    page = wire.send(b"GET /products/a-year-of-soups/ HTTP/1.1")
    token = form_fields(page.text)["csrfmiddlewaretoken"]
    cookie = b"Cookie: " + page.headers["set-cookie"].partition(";")[0].encode()
    body = f"csrfmiddlewaretoken={token}&sku={SKU}&quantity=1".encode()
    added = post(wire, "/cart/add/", FORM, cookie, body=body)
    assert added.status == 302
    for line in (*session.set, *added.all("set-cookie")):
        assert "samesite=lax" in line.lower() or "samesite=strict" in line.lower(), line
        assert "domain=" not in line.lower()
        secret = line.partition("=")[0] in ("sessionid", "csrftoken", "cart", "messages")
        assert not secret or "httponly" in line.lower(), line


def test_signing_in_makes_a_new_session(wire: Wire) -> None:
    first, second = Session(wire, "ada"), Session(wire, "ada")
    assert first.cookie != second.cookie


@pytest.mark.parametrize(
    "path",
    [
        "/internal/",
        "/internal/payment/orders_of/",
        "//internal/",
        "/./internal/",
        "/x/../internal/",
        "/%69nternal/",
        "/INTERNAL/",
        "/internal%2f",
        "/%2finternal/",
        "/internal/%2e%2e/internal/",
        "/api/../internal/",
        "/api/%2e%2e/internal/",
        "/products/media/../../internal/",
        "/internal;/",
        "/internal/?x",
        "/internal%00/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_for_instances_is_not_there(wire: Wire, path: str, method: str) -> None:
    answer = wire.send(f"{method} {path} HTTP/1.1".encode(), b"X-Identity: staff")
    # A page's POST is asked for its token before anyone looks where it goes.
    assert answer.status in ((404,) if method == "GET" else (404, 403))


SECRETS = (b"SECRET", b"root:", b"SQLite format", b"django", b"import ", b"[project]")


@pytest.mark.parametrize("base", ["/products/media/", "/products/media/product/", "/static/"])
@pytest.mark.parametrize(
    "path",
    [
        "../settings.py",
        "../../../../../../../../etc/passwd",
        "%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "..%2f..%2f..%2f..%2fetc%2fpasswd",
        "%252e%252e/%252e%252e/etc/passwd",
        "....//....//etc/passwd",
        "..\\..\\..\\etc\\passwd",
        "%5c..%5c..%5cetc%5cpasswd",
        "/etc/passwd",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "file:///etc/passwd",
        "../secrets/secret_key",
        "%2e%2e/secrets/secret_key",
        "../default.sqlite3",
        "../mails/",
        "secret.webp%00.py",
        "%00",
        "a%00.webp",
        ".",
        "",
        "../product/%2e%2e/%2e%2e/secrets/secret_key",
        "a" * 3000 + ".webp",
        "%ff%fe.webp",
        "%ed%a0%80.webp",
        "con.webp/..",
    ],
    ids=lambda path: path[:32] or "-",
)
def test_nothing_but_what_is_meant_is_served(wire: Wire, base: str, path: str) -> None:
    answer = wire.send(f"GET {base}{path} HTTP/1.1".encode())
    assert answer.status in (404, 400, 301, 302), answer.body[:200]
    if answer.status in (301, 302):
        assert answer.headers["location"].startswith(("/products/", "/static/"))
    assert not [secret for secret in SECRETS if secret in answer.body]


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/.env",
        "/manage.py",
        "/var/",
        "/media/",
        "/server-status",
        "/debug/",
        "/__debug__/",
    ],
)
def test_nothing_lies_about(wire: Wire, path: str) -> None:
    assert wire.send(f"GET {path} HTTP/1.1".encode()).status == 404


@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/cart", "/%2f%2fevil.example", "/\\evil"]
)
def test_a_missing_slash_leads_nowhere_else(wire: Wire, path: str) -> None:
    answer = wire.send(f"GET {path} HTTP/1.1".encode())
    assert "evil" not in answer.headers.get("location", "")
