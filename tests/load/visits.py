"""What visitors do. A keyed request that failed is repeated once; nothing else is."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from http.client import HTTPException

from tests.load.log import Log
from tests.scenarios.shop import Answer, Shop

EMAIL = "load@shop.example.com"
CUSTOMER = ("ada@example.com", "customer-demo")
"""The demo's account, which some visitors have and show."""


class Unserved(Exception):
    """A request that the visit cannot go on without has failed; it is in the log."""


class Visitor:
    """One visit of somebody new, told by ``dice`` what to look at."""

    def __init__(
        self, shop: Shop, log: Log, dice: random.Random, skus: Sequence[str], *, signs_in: bool
    ) -> None:
        self.shop, self.log, self.dice, self.skus = shop, log, dice, skus
        if signs_in:
            shop.sign_in(*CUSTOMER)

    def browse(self) -> None:
        sku = self.dice.choice(self.skus)
        _get(self.shop, "/api/products/")
        _get(self.shop, f"/api/products/?page={self.dice.randint(1, 3)}")
        _get(self.shop, f"/api/products/{sku}/")
        _get(self.shop, "/products/")

    def fill(self) -> str:
        created = _tried(lambda: self.shop.request("POST", "/api/carts/"))
        cart = str(created.json["id"])
        for sku in self.dice.sample(list(self.skus), self.dice.randint(1, 3)):
            _tried(partial(self.shop.put_item, cart, sku, self.dice.randint(1, 2)))
        _get(self.shop, f"/api/carts/{cart}/")
        return cart

    def buy(self) -> None:
        cart, key = self.fill(), str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        answer = self._paid(cart, key)
        order, access = str(answer.json["order"]), str(answer.json["access"])
        self.log.orders[key] = order
        _tried(lambda: self.shop.order(order, access=access))
        if number := answer.json["invoice"]:
            _tried(lambda: self.shop.invoice(number, access=access))

    def _paid(self, cart: str, key: str) -> Answer:
        for _ in range(2):
            try:
                answer = self.shop.checkout(cart, key=key, email=EMAIL)
            except (OSError, HTTPException):
                continue
            if answer.status == 201:
                return answer
        self.log.unanswered.add(key)
        raise Unserved


def _get(shop: Shop, path: str) -> Answer:
    return _tried(lambda: shop.request("GET", path))


def _tried(ask: Callable[[], Answer]) -> Answer:
    try:
        answer = ask()
    except (OSError, HTTPException) as error:
        raise Unserved from error
    if answer.status >= 400:
        raise Unserved
    return answer
