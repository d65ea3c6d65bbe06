"""One visitor of the shop: what can be done over its public API and pages, and nothing else.

How requests travel is the transport's affair: Django's test client, or HTTP to wherever the
shop is served.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Protocol
from urllib.parse import urlencode

PASSWORD = "correct-horse-battery"
ADDRESS = {
    "line1": "1 High Street",
    "line2": "",
    "city": "Leeds",
    "postcode": "LS1 1AA",
    "country": "GB",
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the shop answered. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def problem(self) -> str:
        """The short name of the problem it is, or ""."""
        if self.headers.get("content-type") != "application/problem+json":
            return ""
        return str(self.json["type"]).removeprefix("/problems/")


class Transport(Protocol):
    """Carries requests of one visitor and keeps their cookies; follows no redirects."""

    @property
    def origin(self) -> str:
        """Where the visitor sees the shop: scheme, host and port."""
        ...

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to one request, whatever its status."""
        ...


class Shop:
    """The shop as one visitor sees it: a guest until ``sign_in``.

    Verbs return the ``Answer``; ``create_cart``, ``filled_cart`` and ``buy`` are for what has
    to succeed, and return what is in it.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._headers: dict[str, str] = {}

    # The API

    def sign_in(self, email: str, password: str = PASSWORD) -> Shop:
        """From now on, name and password come along as HTTP Basic, as a script does it."""
        credential = base64.b64encode(f"{email}:{password}".encode()).decode()
        self._headers["Authorization"] = f"Basic {credential}"
        return self

    def request(
        self, method: str, path: str, content: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request with ``content`` as JSON, if there is any."""
        sent = {**self._headers, "Accept": "application/json", **(headers or {})}
        body = b""
        if content is not None:
            sent["Content-Type"] = "application/json"
            body = json.dumps(content).encode()
        return self._transport.send(method, path, headers=sent, body=body)

    def product(self, sku: str) -> Answer:
        return self.request("GET", f"/api/products/{sku}/")

    def available(self, sku: str) -> int:
        """How many pieces the catalogue offers."""
        return int(self.product(sku).json["available"])

    def edit_product(self, sku: str, changes: Mapping[str, Any], *, version: str) -> Answer:
        """Change fields of the product whose ``ETag`` was ``version``; for staff."""
        return self.request("PATCH", f"/api/products/{sku}/", changes, {"If-Match": version})

    def create_cart(self) -> str:
        answer = self.request("POST", "/api/carts/")
        assert answer.status == 201, answer
        return str(answer.json["id"])

    def cart(self, cart: str) -> Answer:
        return self.request("GET", f"/api/carts/{cart}/")

    def put_item(self, cart: str, sku: str, quantity: Any) -> Answer:
        return self.request("PUT", f"/api/carts/{cart}/items/{sku}/", {"quantity": quantity})

    def remove_item(self, cart: str, sku: str) -> Answer:
        return self.request("DELETE", f"/api/carts/{cart}/items/{sku}/")

    def filled_cart(self, **quantities: int) -> str:
        """The id of a new cart with so many pieces of each sku."""
        cart = self.create_cart()
        for sku, quantity in quantities.items():
            answer = self.put_item(cart, sku, quantity)
            assert answer.status == 200, answer
        return cart

    def checkout(
        self,
        cart: str,
        *,
        key: str = "",
        token: str = "tok_visa",
        headers: Mapping[str, str] | None = None,
        **changes: Any,
    ) -> Answer:
        """Order the cart, under a key of its own unless one is given."""
        content = {
            "cart": cart,
            "email": "ada@example.com",
            "name": "Ada Lovelace",
            "address": ADDRESS,
            "payment": {"provider": "test", "token": token},
            **changes,
        }
        keyed = {"Idempotency-Key": key or str(uuid.uuid4()), **(headers or {})}
        return self.request("POST", "/api/checkout/", content, keyed)

    def buy(self, *, token: str = "tok_visa", key: str = "", **quantities: int) -> dict[str, Any]:
        """What the checkout of a new cart answered, once it has succeeded."""
        answer = self.checkout(self.filled_cart(**quantities), token=token, key=key)
        assert answer.status == 201, answer
        return dict(answer.json)

    def orders(self) -> Answer:
        return self.request("GET", "/api/orders/")

    def order(self, order: str, *, access: str = "") -> Answer:
        return self.request("GET", f"/api/orders/{order}/{_query(access)}")

    def refund(
        self, order: str, lines: Sequence[tuple[int, int]] | None = None, *, key: str = ""
    ) -> Answer:
        """Pay back pieces of ``(line, quantity)``, or all that is left; for staff."""
        content: dict[str, Any] = {}
        if lines is not None:
            content["lines"] = [{"line": line, "quantity": number} for line, number in lines]
        keyed = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self.request("POST", f"/api/orders/{order}/refunds/", content, keyed)

    def invoice(self, number: str, *, access: str = "") -> Answer:
        return self.request("GET", f"/api/invoices/{number}/{_query(access)}")

    def pdf(self, number: str, *, access: str = "") -> Answer:
        return self.request("GET", f"/api/invoices/{number}/pdf/{_query(access)}")

    def receipt(self, order: str, *, access: str = "") -> Answer:
        return self.request("GET", f"/api/receipts/{order}/{_query(access)}")

    # The pages

    def page(self, path: str) -> Answer:
        return self._transport.send("GET", path, headers={"Accept": "text/html"}, body=b"")

    def submit(self, path: str, fields: Mapping[str, str], *, origin: str = "") -> Answer:
        """Send a form's fields to the page of that path, as a browser does.

        ``origin`` is the site that the form was on: the shop, unless another one is given.
        """
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "text/html",
            "Origin": origin or self._transport.origin,
        }
        return self._transport.send("POST", path, headers=headers, body=urlencode(fields).encode())

    def shown_again(self, path: str, fields: Mapping[str, str]) -> Answer:
        """The page that a form leads back to, which must come by a redirect."""
        answer = self.submit(path, fields)
        assert (answer.status, answer.headers["location"]) == (303, path)
        return self.page(path)

    def form(self, path: str) -> dict[str, str]:
        """The fields of the page's form as they are filled in."""
        answer = self.page(path)
        assert answer.status == 200, answer
        return form_fields(answer.text)

    def sign_in_on_page(self, email: str, password: str = PASSWORD) -> None:
        """From now on the pages know who it is, by the session's cookie."""
        login = self.form("/accounts/login/") | {"username": email, "password": password}
        answer = self.submit("/accounts/login/", login)
        assert answer.status == 302, answer

    def add_on_page(self, path: str, sku: str, quantity: int) -> None:
        """Put pieces into the cart from the product's page at ``path``."""
        fields = self.form(path) | {"sku": sku, "quantity": str(quantity)}
        assert self.submit("/cart/add/", fields).status == 302

    def checkout_form(self, *, card: str = "tok_visa") -> dict[str, str]:
        """The checkout page's form, filled in and not yet sent."""
        fields = {"email": "ada@example.com", "name": "Ada Lovelace", "card": card, **ADDRESS}
        return self.form("/checkout/") | fields


def form_fields(html: str) -> dict[str, str]:
    """The named inputs of all forms that post, with their values."""
    reader = _Fields()
    reader.feed(html)
    return reader.fields


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._posts = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self._posts = (found.get("method") or "").lower() == "post"
        elif tag == "input" and self._posts:
            is_sent = found.get("type") not in ("radio", "checkbox") or "checked" in found
            if is_sent and (name := found.get("name")):
                self.fields[name] = found.get("value") or ""


def _query(access: str) -> str:
    return f"?{urlencode({'access': access})}" if access else ""
