"""A mail catcher in the place of the shop's own folder of mails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from tests.docker.books import ContainerBooks
from tests.docker.stack import Stack, wait_until
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop


@pytest.fixture
def with_catcher(shop: Stack) -> Iterator[Stack]:
    shop.compose("--profile", "mail", "up", "-d")
    shop.restart_home()
    yield shop
    shop.make_secrets("--email-url", "none")
    shop.compose("--profile", "mail", "rm", "--stop", "--force", "mail")
    shop.restart_home()


def test_the_receipt_is_caught(with_catcher: Stack, books: ContainerBooks) -> None:
    shop = Shop(HttpTransport(with_catcher.base_url))
    bought = shop.buy(**{books.skus[0]: 1})
    order, access = str(bought["order"]), str(bought["access"])
    wait_until(lambda: shop.receipt(order, access=access).json.get("status") == "sent")
    asking = HTTPConnection("127.0.0.1", with_catcher.mail_port)
    asking.request("GET", "/api/v1/messages")
    caught = json.loads(asking.getresponse().read())["messages"]
    assert shop.receipt(order, access=access).json["message_id"].strip("<>") in {
        each["MessageID"].strip("<>") for each in caught
    }
