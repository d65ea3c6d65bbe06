"""Apps move out and come home while somebody shops, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.scenarios.fleet_place import FleetPlace
from tests.scenarios.placements import APPS, CHOSEN, IS_SOAK
from tests.scenarios.placements import outside as apps_outside
from tests.scenarios.shop import Answer, Shop

STOCK = 1000
EXAMPLES = 60 if IS_SOAK else 20
STEPS = 14


@pytest.mark.parametrize("outside", CHOSEN)
def test_nobody_asks_a_process_whose_apps_are_elsewhere(moving: FleetPlace, outside: str) -> None:
    apps = apps_outside(outside)
    moving.move(apps)
    moving.stock("LAMP", 10)
    shop = moving.visitor()
    shop.buy(LAMP=1)
    idle = [app for app in APPS if app not in apps] or ["home"]
    with moving.standing_still(*idle):
        bought = shop.buy(LAMP=1)
        number, access = bought["invoice"], bought["access"]
        assert shop.pdf(number, access=access).body.startswith(b"%PDF-")
        assert shop.page(f"/orders/{bought['order']}/?access={access}").status == 200
        assert shop.available("LAMP") == 8
        if "home" not in idle:
            moving.settle()
            assert len(moving.mails()) == 2


def test_each_step_of_a_purchase_finds_the_apps_elsewhere(moving: FleetPlace) -> None:
    moving.move([])
    moving.stock("LAMP", 10)
    shop = moving.visitor()
    shop.sign_in_on_page(moving.account("ada@example.com"))
    shop.add_on_page("/products/lamp/", "LAMP", 2)
    moving.move(["product", "payment"])
    assert "It is in your cart." in shop.page("/cart/").text
    form = shop.checkout_form()
    moving.move(["payment", "invoice"])
    bought = shop.submit("/checkout/", form)
    assert bought.status == 302
    moving.move([])
    order = bought.headers["location"]
    assert shop.page(order).status == 200
    moving.move(["invoice", "receipt"])
    assert shop.submit("/checkout/", form).headers["location"] == order
    moving.settle()
    number = shop.request("GET", f"/api{order}").json["invoice"]
    assert number in shop.page(f"/invoices/{number}/").text
    moving.move(APPS)
    assert shop.page(f"/invoices/{number}.pdf").body.startswith(b"%PDF-")
    assert shop.available("LAMP") == 8
    assert len(moving.charges()) == len(moving.mails()) == 1


def test_wherever_the_apps_go_between_any_two_steps_nothing_is_lost(moving: FleetPlace) -> None:
    bounds = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not IS_SOAK,
        # A failure's steps are told as they were: shorter ones would be looked for too long.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: Moving(moving), settings=bounds)


class Moving(RuleBasedStateMachine):
    """A guest who buys again and again, an operator who pays back, and apps that move."""

    def __init__(self, place: FleetPlace) -> None:
        super().__init__()
        place.move([])
        place.stock("LAMP", STOCK)
        self.place = place
        self.outside: set[str] = set()
        self.guest = place.visitor()
        self.operator = place.visitor().sign_in(
            place.account("operator@example.com", is_staff=True)
        )
        self.cart = ""
        self.in_cart = 0
        self.orders: list[_Order] = []

    @rule(app=st.sampled_from(APPS), patiently=st.booleans())
    def move(self, app: str, patiently: bool) -> None:
        self.outside ^= {app}
        self.place.move(self.outside, patiently=patiently)

    @rule(quantity=st.integers(1, 3))
    def fill(self, quantity: int) -> None:
        self.cart = self.cart or self.guest.create_cart()
        assert self.guest.put_item(self.cart, "LAMP", quantity).status == 200
        self.in_cart = quantity

    @precondition(lambda self: self.cart)
    @rule(token=st.sampled_from(["tok_visa", "tok_twice"]))
    def buy(self, token: str) -> None:
        order = _Order(self.guest, self.cart, self.in_cart, token)
        assert order.answer.status == 201, order.answer
        self.orders.append(order)
        self.cart = ""

    @precondition(lambda self: self.orders)
    @rule(which=st.randoms(use_true_random=False))
    def send_again(self, which: Any) -> None:
        order = which.choice(self.orders)
        assert order.send().body == order.answer.body

    @precondition(lambda self: self.orders)
    @rule(which=st.randoms(use_true_random=False))
    def look(self, which: Any) -> None:
        order = which.choice(self.orders)
        answer = self.guest.order(order.id, access=order.access)
        assert answer.json["status"] == ("refunded" if order.is_paid_back else "paid")

    @precondition(lambda self: any(not order.is_paid_back for order in self.orders))
    @rule()
    def pay_back(self) -> None:
        order = next(order for order in self.orders if not order.is_paid_back)
        assert self.operator.refund(order.id).status == 201
        order.is_paid_back = True

    def teardown(self) -> None:
        place, orders = self.place, self.orders
        try:
            place.assert_at_peace()
            back = [order for order in orders if order.is_paid_back]
            assert len(place.charges()) == len(orders)
            assert sum(refunded > 0 for _, refunded in place.charges()) == len(back)
            assert len(place.mails()) == len(orders) + len(back)
            kept = sum(order.quantity for order in orders if not order.is_paid_back)
            assert self.guest.available("LAMP") == STOCK - kept
            numbers = {self.guest.order(o.id, access=o.access).json["invoice"] for o in orders}
            assert len(numbers - {None}) == len(orders)
        finally:
            place.leave()


class _Order:
    """A checkout that was sent, and is sent again just so."""

    def __init__(self, guest: Shop, cart: str, quantity: int, token: str) -> None:
        self._guest, self._cart, self._token = guest, cart, token
        self.quantity = quantity
        self.is_paid_back = False
        self.answer = self.send()

    def send(self) -> Answer:
        return self._guest.checkout(self._cart, key=f"key of {self._cart}", token=self._token)

    @property
    def id(self) -> str:
        return str(self.answer.json["order"])

    @property
    def access(self) -> str:
        return str(self.answer.json["access"])
