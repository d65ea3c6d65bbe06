"""The code flow step by step, for whoever comes between the steps."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from tests.keycloak.person import Page, Person
from tests.keycloak.server import SECRET, Keycloak

ADA = ("ada@example.com", "customer-demo")
OPERATOR = ("operator@example.com", "operator-demo")


def away(person: Person, shop: str, to: str = "/accounts/profile/") -> str:
    """The URL at the authorization server that the shop sends the browser to."""
    page = person.get(f"{shop}/accounts/login/?{urlencode({'next': to})}", follow=False)
    assert page.status == 302, page.text
    return page.leads_to


def back(person: Person, url: str, email: str, password: str) -> str:
    """Sign in there, if need be; the URL that leads back, with the code. Nobody goes there yet."""
    page = person.get(url, follow=False)
    if not page.leads_to:
        fields = {"username": email, "password": password}
        page = person.post(page.action("authenticate"), fields, follow=False)
    assert page.leads_to, page.text
    return page.leads_to


def told(url: str) -> dict[str, str]:
    """The parameters of a URL."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def changed(url: str, **parameters: str | None) -> str:
    """The URL with other parameters; ``None`` leaves one out."""
    said = {**told(url), **parameters}
    query = urlencode({name: value for name, value in said.items() if value is not None})
    return urlsplit(url)._replace(query=query).geturl()


def visit(person: Person, url: str) -> Page:
    return person.get(url, follow=False)


def request_of(keycloak: Keycloak, shop: str, **parameters: str | None) -> tuple[str, str]:
    """The URL of an authorization request as the shop makes them, and its verifier."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    said = {
        "response_type": "code", "client_id": "shop", "scope": "openid email profile",
        "redirect_uri": f"{shop}/accounts/callback/", "state": "a-state", "nonce": "a-nonce",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }  # fmt: skip
    endpoint = f"{keycloak.issuer}/protocol/openid-connect/auth"
    return changed(f"{endpoint}?{urlencode(said)}", **parameters), verifier


def exchanged(keycloak: Keycloak, shop: str, code: str, **more: str) -> requests.Response:
    """What the token endpoint answers the shop's credential."""
    form = {
        "grant_type": "authorization_code", "code": code, "client_id": "shop",
        "redirect_uri": f"{shop}/accounts/callback/", "client_secret": SECRET, **more,
    }  # fmt: skip
    return requests.post(f"{keycloak.issuer}/protocol/openid-connect/token", form, timeout=30)


def tokens(keycloak: Keycloak, shop: str, email: str, password: str) -> dict[str, Any]:
    """Of a session of its own: ``access_token``, ``id_token``, ``refresh_token``."""
    url, verifier = request_of(keycloak, shop)
    code = told(back(Person(), url, email, password))["code"]
    answer = exchanged(keycloak, shop, code, code_verifier=verifier)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def signed_in(shop: str, email: str, password: str) -> Person:
    person = Person()
    page = person.sign_in(shop, email, password)
    assert page.url == f"{shop}/accounts/profile/", page.text
    return person


def is_signed_in(person: Person, shop: str) -> bool:
    return visit(person, f"{shop}/accounts/profile/").status == 200
