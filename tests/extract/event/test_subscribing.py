"""A subscriber that could not work is refused when it is declared."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from extract.call import ContractMistake
from extract.event import Event, SubscriptionMistake, subscribe, subscriptions
from tests.extract.event.scene import Counted, Counter


class Other(Event, frozen=True, kw_only=True):
    app: ClassVar[str] = "product"


class Loose(Event, frozen=True, kw_only=True):
    app: ClassVar[str] = "product"

    things: list[str]


def takes_another(event: Other) -> None: ...
def takes_anything(event) -> None: ...  # type: ignore[no-untyped-def]
def takes_two(event: Counted, more: int) -> None: ...
def takes_a_keyword(*, event: Counted) -> None: ...
def answers(event: Counted) -> int: ...
async def awaits(event: Counted) -> None: ...


WRONG = [takes_another, takes_anything, takes_two, takes_a_keyword, answers, awaits]


@pytest.mark.parametrize("function", WRONG)
def test_a_function_that_could_not_be_called_is_refused(function: Callable[..., Any]) -> None:
    before = subscriptions()
    with pytest.raises(SubscriptionMistake, match=function.__name__):
        subscribe(Counted, app="payment")(function)
    assert subscriptions() == before


@pytest.mark.parametrize("function", WRONG)
def test_so_is_such_a_second_step(counter: Counter, function: Callable[..., Any]) -> None:
    counter.subscription.finish = None
    with pytest.raises(SubscriptionMistake, match=function.__name__):
        counter.subscription.then(function)


def test_one_app_subscribes_to_an_event_once(counter: Counter) -> None:
    def again(event: Counted) -> None: ...

    with pytest.raises(SubscriptionMistake, match="twice"):
        subscribe(Counted, app="payment")(again)


def test_there_is_one_second_step(counter: Counter) -> None:
    def again(event: Counted) -> None: ...

    with pytest.raises(SubscriptionMistake, match="second step already"):
        counter.subscription.then(again)


@pytest.mark.parametrize("app", ["default", "nobody"])
def test_the_app_must_have_an_inbox(app: str) -> None:
    with pytest.raises(SubscriptionMistake, match="alias"):
        subscribe(Counted, app=app)


@pytest.mark.parametrize("event", [Event, int, "product.Counted"])
def test_the_event_must_be_an_event(event: Any) -> None:
    with pytest.raises(SubscriptionMistake, match="not an event"):
        subscribe(event, app="payment")


def test_the_event_must_be_able_to_travel() -> None:
    with pytest.raises(ContractMistake, match="things"):
        subscribe(Loose, app="payment")


def test_subscriptions_can_be_looked_at(counter: Counter) -> None:
    assert counter.subscription in subscriptions()
    assert repr(counter.subscription) == "<payment subscribes to product.Counted>"


@pytest.mark.parametrize(
    "imports",
    [
        "from extract.event import Event, publish, subscribe; from extract.call import Contract",
        "from extract.call import Contract; from extract.event import Event, publish, subscribe",
    ],
)
def test_the_rooms_can_be_entered_in_either_order_before_django_is_set_up(imports: str) -> None:
    subprocess.run([sys.executable, "-c", imports], check=True)
