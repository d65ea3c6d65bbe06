"""While Keycloak is away or slow: who is nobody notices nothing, who is somebody is told."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from extract.identity.keyring import PUBLISHED_BEFORE_USE
from tests.fleets import Fleet, wait_until
from tests.keycloak.person import Person
from tests.keycloak.server import Keycloak
from tests.load.campaign import planned
from tests.load.driver import Mix, drive
from tests.load.log import Log
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

PEOPLE = 5
LOOK_EVERY = 0.2
CALM, AWAY = 4.0, 8.0
CACHED = 4.5
"""Seconds that somebody is still served: identity's 3 and the gateway's 1, and some."""
SLOW = 5.0
LONGEST = 180.0
GUESTS = Mix(rate=4.0, signed_in=0.0)


@dataclass
class Look:
    at: float
    status: int
    retry_after: str


class SignedIn:
    """Customers who look at their orders again and again; ``looks`` says what they saw."""

    def __init__(self, shop: Fleet, keycloak: Keycloak) -> None:
        self.looks: list[Look] = []
        self._people = [Person() for _ in range(PEOPLE)]
        self._url = f"{shop.base_url}/orders/"
        for number, person in enumerate(self._people):
            email = f"{time.monotonic_ns()}-{number}@example.com"
            keycloak.add_user(email, "customer-demo")
            person.sign_in(shop.base_url, email, "customer-demo")

    @contextmanager
    def looking(self) -> Iterator[None]:
        over = threading.Event()
        threads = [threading.Thread(target=self._look, args=(p, over)) for p in self._people]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _look(self, person: Person, over: threading.Event) -> None:
        while not over.wait(LOOK_EVERY):
            began = time.monotonic()
            page = person.get(self._url, follow=False)
            self.looks.append(Look(began, page.status, page.headers.get("Retry-After", "")))

    def seen(self, after: float, before: float = float("inf")) -> Counter[int]:
        return Counter(look.status for look in self.looks if after <= look.at < before)


@pytest.fixture
def skus(shop: Fleet) -> list[str]:
    transport = HttpTransport(shop.base_url)
    products = Shop(transport).request("GET", "/api/products/?ordering=name").json["results"]
    transport.close()
    return [product["sku"] for product in products[:12]]


def test_keycloak_stops_and_comes_back_while_people_shop(
    shop: Fleet, keycloak: Keycloak, skus: list[str], figures: list[str]
) -> None:
    signed_in = SignedIn(shop, keycloak)
    stopped = back = 0.0

    def disturb(over: threading.Event) -> None:
        nonlocal stopped, back
        over.wait(CALM)
        stopped = time.monotonic()
        keycloak.stop()
        over.wait(AWAY)
        keycloak.start()
        back = time.monotonic()
        wait_until(lambda: signed_in.seen(time.monotonic() - 1.0).keys() == {200}, 30)
        over.wait(CALM)

    with signed_in.looking():
        log = drive(
            shop.base_url, skus, seconds=LONGEST, seed=11, mix=GUESTS,
            disturb=disturb, until_done=True,
        )  # fmt: skip
    assert planned(log) == []
    assert log.orders
    assert signed_in.seen(0, stopped).keys() == {200}
    while_away = signed_in.seen(stopped + CACHED, back)
    assert while_away.keys() == {503}
    assert {look.retry_after for look in signed_in.looks if look.status == 503} == {"1"}
    # Nobody has to sign in anew, and nothing is restarted.
    assert signed_in.seen(0).keys() == {200, 503}
    again = min(look.at for look in signed_in.looks if look.at > back and look.status == 200)
    served = (
        max(look.at for look in signed_in.looks if look.at < back and look.status == 200) - stopped
    )
    figures.append(
        f"Keycloak stopped: {len(log.entries)} requests of guests, {len(log.orders)} orders, "
        f"{len(log.failures())} failed; signed in: served for {served:.1f} s more, then "
        f"{while_away[503]} times 503; {again - back:.1f} s after it was back served again"
    )


def test_keycloak_is_slow_while_people_shop(
    shop: Fleet, keycloak: Keycloak, skus: list[str], figures: list[str]
) -> None:
    signed_in = SignedIn(shop, keycloak)
    slow_from = slow_until = 0.0

    def disturb(over: threading.Event) -> None:
        nonlocal slow_from, slow_until
        over.wait(2 * CALM)
        keycloak.way.seconds = SLOW
        slow_from = time.monotonic()
        over.wait(2 * CALM)
        slow_until = time.monotonic()
        keycloak.way.seconds = 0.0
        wait_until(lambda: signed_in.seen(time.monotonic() - 1.0).keys() == {200}, 30)

    try:
        with signed_in.looking():
            log = drive(
                shop.base_url, skus, seconds=LONGEST, seed=12, mix=GUESTS,
                disturb=disturb, until_done=True,
            )  # fmt: skip
    finally:
        keycloak.way.seconds = 0.0
    assert planned(log) == []
    assert signed_in.seen(0).keys() == {200, 503}
    assert signed_in.seen(slow_from + CACHED, slow_until).keys() == {503}
    before, during = (
        _p99(log, log.began, slow_from), _p99(log, slow_from, slow_until),
    )  # fmt: skip
    figures.append(
        f"Keycloak {SLOW:g} s slow: {len(log.entries)} requests of guests, {len(log.failures())} "
        f"failed; their GETs' p99 {before * 1000:.0f} ms before, {during * 1000:.0f} ms meanwhile"
    )


def _p99(log: Log, after: float, before: float) -> float:
    taken = sorted(
        entry.seconds
        for entry in log.entries
        if entry.method == "GET" and after <= log.began + entry.at < before
    )
    return taken[int(len(taken) * 0.99)]


def test_keys_are_rotated_on_both_sides_while_people_shop(
    shop: Fleet, keycloak: Keycloak, skus: list[str], figures: list[str]
) -> None:
    """New tokens by new keys, old ones by old keys: Keycloak's, and the project's own."""
    signed_in = SignedIn(shop, keycloak)
    known = {key["kid"] for key in keycloak.public_keys()}
    late: list[Person] = []

    def disturb(over: threading.Event) -> None:
        over.wait(CALM)
        keycloak.rotate_keys()
        shop.manage("extract", "rotate-identity-key").check_returncode()
        newcomer = Person()
        assert newcomer.sign_in(shop.base_url, "ada@example.com", "customer-demo").status == 200
        late.append(newcomer)
        over.wait(PUBLISHED_BEFORE_USE + CALM)

    with signed_in.looking():
        log = drive(
            shop.base_url, skus, seconds=LONGEST, seed=13, mix=GUESTS,
            disturb=disturb, until_done=True,
        )  # fmt: skip
    assert {key["kid"] for key in keycloak.public_keys()} > known
    assert planned(log) == []
    assert signed_in.seen(0).keys() == {200}
    assert late[0].get(f"{shop.base_url}/orders/", follow=False).status == 200
    figures.append(
        f"keys rotated on both sides: {len(log.entries)} requests of guests and "
        f"{len(signed_in.looks)} of customers, 0 failed"
    )
