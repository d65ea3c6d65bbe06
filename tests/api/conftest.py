"""The real served process with things in it that belong to different people.

``served``     Its base URL. The tests of this directory share it, and no others use it.
``visitor``    ``visitor()`` is a guest of it, ``visitor("ada")`` a customer, ``"operator"``
               staff; each with a connection and cookies of their own.
``register``   Makes another customer.
``wire``       It, in raw bytes.
``bought``     What a guest ordered: what the checkout answered, with ``cart`` beside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from typing import Any

import pytest

from tests.api.wire import Wire
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import PASSWORD, Shop
from tests.serving import Server

SKU = "BK-401"
"""A product of the demo shop, with plenty of pieces."""
ACCOUNTS = {
    "ada": ("ada@example.com", "customer-demo"),
    "operator": ("operator@example.com", "operator-demo"),
    "admin": ("admin@example.com", "admin-demo"),
}


@pytest.fixture(scope="session")
def server(_template: Any) -> Iterator[Server]:
    data_dir, where = _template.copy(demo=True)
    server = Server(data_dir=data_dir, env={"ALLOWED_HOSTS": "", **where})
    yield server.start(EXTRACT_BASIC_AUTH="1", THROTTLE="off")
    server.stop()


@pytest.fixture(scope="session")
def served(server: Server) -> str:
    return server.base_url


@pytest.fixture(scope="session")
def visitor(served: str) -> Iterator[Callable[..., Shop]]:
    connections: list[HttpTransport] = []

    def come(account: str = "") -> Shop:
        connections.append(HttpTransport(served))
        shop = Shop(connections[-1])
        return shop.sign_in(*ACCOUNTS[account]) if account else shop

    yield come
    for connection in connections:
        connection.close()


@pytest.fixture(scope="session")
def register(server: Server, visitor: Callable[..., Shop]) -> Callable[..., Shop]:
    """``register("eve@example.com", first_name="Eve")``: a new customer, signed in everywhere."""

    def come(email: str, **fields: str) -> Shop:
        shop = visitor()
        form = shop.form("/accounts/register/") | {"email": email}
        assert shop.submit("/accounts/register/", form).status == 302
        link = _link_mailed(server, email)
        passwords = {"password1": PASSWORD, "password2": PASSWORD}
        answer = shop.submit(link, shop.form(link) | fields | passwords)
        assert answer.status == 302, answer
        return shop.sign_in(email)

    return come


def _link_mailed(server: Server, email: str) -> str:
    """The path of the link in the mail to that address."""
    for file in (server.data_dir / "mails").glob("*.eml"):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        if mail["To"] == email:
            return re.findall(r"https?://[^/]+(/\S+)", mail.get_content())[0]
    raise AssertionError(f"no mail to {email}")


@pytest.fixture(scope="session")
def bought(visitor: Callable[..., Shop]) -> dict[str, Any]:
    return order(visitor())


def order(shop: Shop) -> dict[str, Any]:
    """Order two pieces as this visitor."""
    cart = shop.filled_cart(**{SKU: 2})
    answer = shop.checkout(cart, email="grace@example.com")
    assert answer.status == 201, answer
    return {**answer.json, "cart": cart}


@pytest.fixture(scope="session")
def wire(served: str) -> Wire:
    return Wire(served)
