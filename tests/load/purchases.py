"""Purchases, each request under an id of its own, and what the client saw of each."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import msgspec

from tests.load.visits import EMAIL
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Answer, Shop

BUYERS = 8
TRIES = 4
LATE = 1.0
"""Seconds after which somebody waits too long."""


class Asked(msgspec.Struct, frozen=True):
    """A request; ``status`` 0 when no answer came."""

    id: str
    status: int
    seconds: float

    @property
    def failed(self) -> bool:
        return self.status == 0 or self.status >= 500

    @property
    def late(self) -> bool:
        return self.seconds >= LATE


class Purchase(msgspec.Struct):
    """One purchase, and the checkouts that it took: the same key each time."""

    number: int
    asked: list[Asked] = []
    order: str = ""
    invoice: str = ""


def buy_on(
    base_url: str,
    skus: Sequence[str],
    *,
    count: int,
    seed: int,
    between: Callable[[int], None] = lambda number: None,
    email: str = EMAIL,
) -> list[Purchase]:
    """So many purchases by ``BUYERS`` at a time. ``between`` is told of how many have ended."""
    dice = random.Random(seed)
    chosen = [dice.sample(list(skus), dice.randint(1, 3)) for _ in range(count)]
    done, lock = 0, threading.Lock()

    def one(number: int) -> Purchase:
        nonlocal done
        purchase = _buy(base_url, Purchase(number), chosen[number], f"{seed}-{number}", email)
        with lock:
            done += 1
            between(done)
        return purchase

    with ThreadPoolExecutor(BUYERS) as buyers:
        return list(buyers.map(one, range(count)))


def _buy(base_url: str, purchase: Purchase, skus: Sequence[str], name: str, email: str) -> Purchase:
    transport = HttpTransport(base_url, timeout=40)
    shop = Shop(transport)
    try:
        cart = _patiently(lambda: shop.create_cart())
        for sku in skus:
            _patiently(lambda sku=sku: shop.put_item(cart, sku, 1))  # type: ignore[misc]
        for attempt in range(1, TRIES + 1):
            id = f"buy-{name}-{attempt}"
            answer = _ask(shop, cart, id, f"key-{name}", email, purchase)
            if answer is not None and answer.status == 201:
                purchase.order = str(answer.json["order"])
                purchase.invoice = str(answer.json["invoice"] or "")
                break
    finally:
        transport.close()
    return purchase


def _ask(shop: Shop, cart: str, id: str, key: str, email: str, purchase: Purchase) -> Answer | None:
    began, status = time.monotonic(), 0
    try:
        answer = shop.checkout(cart, key=key, email=email, headers={"X-Request-ID": id})
        status = answer.status
        return answer
    except (OSError, HTTPException):
        return None
    finally:
        purchase.asked.append(Asked(id, status, time.monotonic() - began))


def _patiently(ask: Callable[[], str | Answer]) -> str:
    """What leads up to a purchase is asked for again: a cart too many is nobody's loss."""
    for _ in range(TRIES):
        try:
            answered = ask()
        except (OSError, HTTPException, AssertionError):
            continue
        if isinstance(answered, str) or answered.status < 400:
            return str(answered)
    raise AssertionError("no cart can be filled")
