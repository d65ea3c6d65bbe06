"""The shop's API, asked with any headers, be they doubled or odd."""

from __future__ import annotations

import http.client
import json
import uuid
from typing import Any
from urllib.parse import urlencode, urlsplit

Header = tuple[str, str]
NOT_SIGNED_IN, WRONG = (401, "not-authenticated"), (401, "wrong-credential")


def ask(
    shop: str,
    path: str,
    *headers: Header,
    method: str = "GET",
    form: dict[str, str] | None = None,
    body: Any = None,
) -> tuple[int, Any]:
    """Status and content: the JSON, or of a problem the last part of its type."""
    sent = None
    if form is not None:
        headers = (*headers, ("Content-Type", "application/x-www-form-urlencoded"))
        sent = urlencode(form).encode()
    if body is not None:
        headers = (*headers, ("Content-Type", "application/json"))
        sent = json.dumps(body).encode()
    connection = http.client.HTTPConnection(urlsplit(shop).netloc, timeout=30)
    try:
        connection.putrequest(method, path)
        for name, value in headers:
            connection.putheader(name, value)
        if sent is not None:
            connection.putheader("Content-Length", str(len(sent)))
        connection.endheaders(sent)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
    finally:
        connection.close()
    if "json" not in answer.headers.get("Content-Type", ""):
        return answer.status, text
    said = json.loads(text)
    is_problem = answer.headers["Content-Type"].startswith("application/problem")
    return answer.status, said["type"].rstrip("/").split("/")[-1] if is_problem else said


def bearer(token: str) -> Header:
    return "Authorization", f"Bearer {token}"


def order_as_guest(shop: str, email: str) -> str:
    """The id of an order that a guest has paid."""
    sku = ask(shop, "/api/products/")[1]["results"][0]["sku"]
    cart = ask(shop, "/api/carts/", method="POST", body={})[1]["id"]
    ask(shop, f"/api/carts/{cart}/items/{sku}/", method="PUT", body={"quantity": 1})
    address = {"line1": "1 Road", "line2": "", "city": "Town", "postcode": "1", "country": "GB"}
    paid = {
        "cart": cart, "email": email, "name": "Guest", "address": address,
        "payment": {"provider": "test", "token": "tok_visa"},
    }  # fmt: skip
    key = ("Idempotency-Key", uuid.uuid4().hex)
    status, order = ask(shop, "/api/checkout/", key, method="POST", body=paid)
    assert status == 201, order
    return str(order["order"])
