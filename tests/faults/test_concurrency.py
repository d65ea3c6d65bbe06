"""Many at once, against the served shop: nobody gets what is not there, or pays twice."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.faults.conftest import STOCK
from tests.faults.served import Served, percentile
from tests.scenarios.shop import Answer, Shop

BUYERS, PIECES = 200, STOCK["LAMP"]
REPEATS = 50


def charges(served: Served) -> int:
    """How many charges the provider's books hold."""
    return served.count("payment", "SELECT count(*) FROM payment_sandboxcharge WHERE NOT voided")


def timed(call: Callable[[], Answer]) -> tuple[Answer, float]:
    began = time.monotonic()
    answer = call()
    return answer, time.monotonic() - began


def raise_any(results: list[Any]) -> None:
    for result in results:
        if isinstance(result, Exception):
            raise result


class Auditing(threading.Thread):
    """Audits every few seconds until told to stop; collects what is broken."""

    def __init__(self, served: Served) -> None:
        super().__init__(name="auditing", daemon=True)
        self._served = served
        self._stop_it = threading.Event()
        self.runs = 0
        self.broken: list[Any] = []

    def run(self) -> None:
        while not self._stop_it.is_set():
            self.broken += self._served.broken()
            self.runs += 1
            self._stop_it.wait(2)

    def end(self) -> None:
        self._stop_it.set()
        self.join()


def test_200_buyers_of_20_pieces(
    served: Served, together: Callable[..., list[Any]], record_property: Callable[..., None]
) -> None:
    before, auditing = charges(served), Auditing(served)
    auditing.start()

    def buy(number: int) -> tuple[Answer, float, float]:
        shop = served.visitor()
        began = time.monotonic()
        cart = shop.filled_cart(LAMP=1)
        answer, seconds = timed(lambda: shop.checkout(cart, email=f"buyer{number}@example.com"))
        return answer, seconds, time.monotonic() - began

    began = time.monotonic()
    results = together(buy, BUYERS)
    whole = time.monotonic() - began
    raise_any(results)
    served.settle()
    auditing.end()

    outcomes = Counter((answer.status, answer.problem) for answer, _, _ in results)
    assert outcomes == {(201, ""): PIECES, (409, "out-of-stock"): BUYERS - PIECES}
    orders = {answer.json["order"] for answer, _, _ in results if answer.status == 201}
    numbers = {answer.json["invoice"] for answer, _, _ in results if answer.status == 201}
    assert len(orders) == len(numbers) == PIECES
    assert served.visitor().available("LAMP") == 0
    assert charges(served) - before == PIECES
    buyers = [mail["To"] for mail in served.mails() if mail["To"].startswith("buyer")]
    assert len(buyers) == len(set(buyers)) == PIECES
    assert auditing.broken == []
    assert auditing.runs >= 1
    assert served.broken() == []

    checkouts = [seconds for _, seconds, _ in results]
    times = {
        "whole": whole,
        "checkout p50": percentile(checkouts, 50),
        "checkout p99": percentile(checkouts, 99),
        "slowest buyer": max(seconds for _, _, seconds in results),
    }
    for name, seconds in times.items():
        record_property(name, f"{seconds:.2f} s")
    print(f"{BUYERS} buyers of {PIECES} pieces:", {k: f"{v:.2f} s" for k, v in times.items()})


def test_one_key_sent_50_times_at_once_is_one_charge_and_one_answer(
    served: Served, together: Callable[..., list[Any]]
) -> None:
    shop, key = served.visitor(), str(uuid.uuid4())
    cart, before, pieces = shop.filled_cart(VASE=1), charges(served), shop.available("VASE")

    def repeat(number: int) -> tuple[Answer, float]:
        return timed(lambda: served.visitor().checkout(cart, key=key, email="once@example.com"))

    results = together(repeat, REPEATS)
    raise_any(results)
    served.settle()
    answers = [answer for answer, _ in results]
    assert Counter(answer.status for answer in answers) == {201: REPEATS}
    assert len({answer.body for answer in answers}) == 1
    assert shop.available("VASE") == pieces - 1
    assert charges(served) - before == 1
    assert len([mail for mail in served.mails() if mail["To"] == "once@example.com"]) == 1
    slowest = max(seconds for _, seconds in results)
    print(f"one key {REPEATS} times at once: slowest {slowest:.2f} s")


def test_one_cart_under_50_keys_at_once_is_one_order(
    served: Served, together: Callable[..., list[Any]]
) -> None:
    cart, before = served.visitor().filled_cart(VASE=1), charges(served)
    answers = together(lambda number: served.visitor().checkout(cart), REPEATS)
    raise_any(answers)
    served.settle()
    outcomes = Counter((answer.status, answer.problem) for answer in answers)
    assert outcomes.pop((201, "")) == 1
    assert outcomes.keys() <= {(409, "cart-ordered"), (409, "in-progress")}
    assert charges(served) - before == 1


def test_of_two_editors_at_once_one_is_told(
    served: Served, together: Callable[..., list[Any]]
) -> None:
    editors: list[Shop] = [served.operator(), served.operator()]
    for turn in range(10):
        seen = editors[0].product("VASE").headers["etag"]

        def edit(number: int, turn: int = turn, seen: str = seen) -> Answer:
            changes = {"name": f"Vase {turn}/{number}"}
            return editors[number].edit_product("VASE", changes, version=seen)

        answers = together(edit, 2)
        raise_any(answers)
        assert sorted(answer.status for answer in answers) == [200, 412]
        (winner,) = (answer.json["name"] for answer in answers if answer.status == 200)
        assert editors[0].product("VASE").json["name"] == winner


def test_one_order_refunded_from_20_sides_is_paid_back_once(
    served: Served, together: Callable[..., list[Any]]
) -> None:
    shop = served.visitor()
    pieces = shop.available("VASE")
    bought = shop.buy(VASE=2)
    operators = [served.operator() for _ in range(20)]
    answers = together(lambda number: operators[number].refund(bought["order"]), 20)
    raise_any(answers)
    served.settle()
    outcomes = Counter((answer.status, answer.problem) for answer in answers)
    assert outcomes == {(201, ""): 1, (409, "nothing-to-refund"): 19}
    assert shop.available("VASE") == pieces
    ((amount, refunded),) = served.rows(
        "payment",
        "SELECT amount, refunded FROM payment_sandboxcharge WHERE key = ?",
        bought["order"],
    )
    assert amount == refunded
