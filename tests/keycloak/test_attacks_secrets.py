"""What opens an account is nowhere that anybody else reads: cookies, pages, links, logs."""

from __future__ import annotations

import re
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.fleets import Fleet
from tests.keycloak.api import ask, bearer
from tests.keycloak.flow import (
    ADA,
    OPERATOR,
    away,
    back,
    changed,
    is_signed_in,
    tokens,
    told,
    visit,
)
from tests.keycloak.person import Page, Person
from tests.keycloak.server import SECRET, Keycloak
from tests.serving import Server

TOKEN = re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}")
KEPT_BY_BROWSERS = {"sessionid", "csrftoken", "messages"}
PAGES = ("/", "/accounts/profile/", "/accounts/sessions/", "/orders/", "/cart/", "/api/orders/")


class Diary(Person):
    """Somebody who keeps every answer."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[Page] = []

    def get(self, url: str, *, follow: bool = False, **headers: str) -> Page:
        self.pages.append(super().get(url, follow=False, **headers))
        return self.pages[-1]

    def of(self, shop: str) -> list[Page]:
        return [page for page in self.pages if page.url.startswith(shop)]


def visited(shop: str, *who: str) -> tuple[Diary, str]:
    """A whole sign-in, and some pages; the URL that led back to the shop."""
    person = Diary()
    url = back(person, away(person, shop), *who)
    assert visit(person, url).status == 302
    for path in PAGES:
        assert visit(person, f"{shop}{path}").status == 200, path
    return person, url


def cookies_of(page: Page) -> list[Morsel[str]]:
    lines = page.headers.getlist("Set-Cookie")
    return [morsel for line in lines for morsel in SimpleCookie(line).values()]


@pytest.mark.parametrize("who", [ADA, OPERATOR], ids=["customer", "operator"])
def test_no_answer_has_a_token_in_it(either: str, who: tuple[str, str]) -> None:
    person, url = visited(either, *who)
    code = told(url)["code"]
    for page in person.of(either):
        said = f"{page.headers}\n{page.text}"
        assert not TOKEN.search(said), page.url
        assert SECRET not in said
        if "Location" in page.headers and page.leads_to.startswith(either):
            assert not urlsplit(page.leads_to).query
        assert code not in page.text
    # To Keycloak goes what names the request, and nothing that would answer it.
    sent = told(away(Person(), either))
    assert sent.keys() == {
        "response_type", "scope", "client_id", "redirect_uri", "state", "nonce",
        "code_challenge", "code_challenge_method",
    }  # fmt: skip


def test_the_one_cookie_of_a_session_is_opaque_and_for_http_alone(either: str) -> None:
    person, _ = visited(either, *ADA)
    given = [morsel for page in person.of(either) for morsel in cookies_of(page)]
    assert {morsel.key for morsel in given} <= KEPT_BY_BROWSERS
    sessions = [morsel for morsel in given if morsel.key == "sessionid"]
    assert sessions
    for morsel in sessions:
        assert re.fullmatch(r"[a-z0-9]{32}", morsel.value)
        assert (morsel["httponly"], morsel["samesite"].lower()) == (True, "lax")
        assert (morsel["path"], morsel["domain"]) == ("/", "")
    for morsel in given:
        assert morsel["httponly"], morsel.key
        assert not TOKEN.search(morsel.value)


def test_by_https_the_cookies_are_this_hosts_alone(shop: Fleet) -> None:
    names = ("SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_DOMAIN")
    names += ("CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_PATH")
    values = ", ".join(f"settings.{name}" for name in names)
    asked = f"from django.conf import settings; print(({values}))"
    done = shop.manage("shell", "-c", asked, BASE_URL="https://shop.example.com")
    told_last = done.stdout.splitlines()[-1]
    assert told_last == "('__Host-sessionid', True, None, '__Host-csrftoken', True, '/')"


def test_nobody_may_keep_the_answers_of_the_flow(either: str) -> None:
    person = Diary()
    url = back(person, away(person, either), *ADA)
    visit(person, url)
    for page in person.of(either):
        assert "no-store" in page.headers.get("Cache-Control", ""), page.url
        assert page.headers["Referrer-Policy"] in ("same-origin", "no-referrer")


def test_no_log_has_what_opens_an_account(
    shop: Fleet, monolith: Server, keycloak: Keycloak
) -> None:
    for served in (shop, monolith):
        url = served.base_url
        _, answer = visited(url, *ADA)
        anew = Diary()
        unused = back(anew, away(anew, url), *ADA)
        assert visit(anew, changed(unused, state="unknown")).status == 400
        assert visit(anew, changed(unused, iss="http://127.0.0.1:9/realms/shop")).status == 400
        assert not is_signed_in(anew, url)
        given = tokens(keycloak, url, *ADA)
        secrets = {given[name] for name in ("access_token", "id_token", "refresh_token")}
        wrong = f"{given['access_token'][:-20]}{'x' * 20}"
        for token in (given["access_token"], given["id_token"], given["refresh_token"], wrong):
            ask(url, "/api/orders/", bearer(token))
            form = {"logout_token": token}
            ask(url, "/accounts/backchannel-logout/", method="POST", form=form)
        said = "\n".join(log.read_text(errors="replace") for log in _logs(served))
        assert "/accounts/callback/" in said
        assert not TOKEN.search(said), TOKEN.search(said)
        parts = {part for token in secrets for part in token.split(".")[1:]}
        codes = {told(each)["code"] for each in (answer, unused)}
        states = {told(answer)["state"], anew.cookie(url)}
        for secret in (*parts, *codes, *states, SECRET):
            assert secret not in said, secret


def _logs(served: Fleet | Server) -> list[Path]:
    """All that any of its processes has written for people to read."""
    kept = (served.data_dir / "logs").glob("*.jsonl*")
    found = [served.log, *(served.data_dir / "run").rglob("*.log"), *kept]
    assert all(log.exists() for log in found)
    return found
