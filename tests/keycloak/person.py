"""Somebody with a browser, as far as HTTP goes: cookies by name and host, forms, no scripts."""

from __future__ import annotations

import re
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3

_pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=30)


class Page:
    """An answer, and where it was found."""

    def __init__(self, url: str, answer: urllib3.BaseHTTPResponse) -> None:
        self.url = url
        self.status = answer.status
        self.headers = answer.headers
        self.text = answer.data.decode("utf-8", "replace")

    @property
    def leads_to(self) -> str:
        """The whole URL of a redirect; "" for none."""
        location = self.headers.get("Location")
        return urljoin(self.url, location) if location else ""

    def action(self, part: str = "") -> str:
        """Where the form leads whose action has this part."""
        found = re.findall(r'<form[^>]*action="([^"]*)"', self.text)
        return urljoin(self.url, unescape(next(each for each in found if part in each)))

    def fields(self) -> dict[str, str]:
        """The hidden fields of all forms."""
        inputs = re.findall(r'<input[^>]*type="hidden"[^>]*>', self.text)
        named = ((_attribute(each, "name"), _attribute(each, "value")) for each in inputs)
        return {name: value for name, value in named if name}


class Person:
    """``cookies`` are by host and port, then name. ``follow=False`` stops at each answer."""

    def __init__(self) -> None:
        self.cookies: dict[str, dict[str, str]] = {}

    def get(self, url: str, *, follow: bool = True, **headers: str) -> Page:
        return self._ask("GET", url, None, follow, headers)

    def post(
        self, url: str, fields: dict[str, str], *, follow: bool = True, **headers: str
    ) -> Page:
        return self._ask("POST", url, fields, follow, headers)

    def patch(self, url: str, **headers: str) -> Page:
        """An empty change."""
        return self._ask("PATCH", url, {}, False, headers)

    def send(self, page: Page, to: str, **fields: str) -> Page:
        """A form of the shop's, with its hidden fields."""
        return self.post(urljoin(page.url, to), {**page.fields(), **fields})

    def sign_in(self, shop: str, email: str, password: str, to: str = "/accounts/profile/") -> Page:
        """By the shop's link to the authorization server and its form there."""
        page = self.get(f"{shop}/accounts/login/?next={to}")
        return self.post(page.action("authenticate"), {"username": email, "password": password})

    def cookie(self, url: str, name: str = "sessionid") -> str:
        return self.cookies.get(urlsplit(url).netloc, {}).get(name, "")

    def _ask(
        self,
        method: str,
        url: str,
        fields: dict[str, str] | None,
        follow: bool,
        headers: dict[str, str],
    ) -> Page:
        while True:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            host = urlsplit(url).netloc
            if kept := self.cookies.get(host):
                named["Cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items())
            body = None
            if fields is not None:
                named["Content-Type"] = "application/x-www-form-urlencoded"
                body = urlencode(fields)
            answer = _pool.request(method, url, body=body, headers=named, redirect=False)
            self._keep(host, answer)
            page = Page(url, answer)
            if not (follow and page.leads_to):
                return page
            url, method, fields = page.leads_to, "GET", None

    def _keep(self, host: str, answer: urllib3.BaseHTTPResponse) -> None:
        kept = self.cookies.setdefault(host, {})
        for line in answer.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    kept.pop(name, None)
                else:
                    kept[name] = morsel.coded_value


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found.group(1)) if found else ""
