"""Where a call goes: the one rule, seen from each role."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from extract.call import NotSent, handle
from tests.extract.call.remote.scene import Callee, Caller, eventually
from tests.extract.call.remote.shelf import APP, Shelf

Calling = Callable[..., Caller]
Start = Callable[..., Callee]
Shelves = tuple[Callee, ...]

HERE = ""
shelf = handle(Shelf)


def test_an_apps_own_process_serves_itself(calling: Calling, shelves: Shelves) -> None:
    calling(*shelves, role=APP)
    assert shelf.who() == HERE


def test_home_calls_the_apps_own_instances(calling: Calling, shelves: Shelves) -> None:
    calling(*shelves, role="home", come_home=(APP,))
    assert {shelf.who() for _ in range(40)} == {"a", "b", "c"}


def test_home_serves_what_nobody_else_does(calling: Calling, start: Start) -> None:
    """Itself, also where other homes are known."""
    caller = calling(role="home", come_home=(APP,))
    assert shelf.who() == HERE
    caller.knows(start("another", role="home"), contract=Shelf)
    assert {shelf.who() for _ in range(20)} == {HERE}


def test_an_app_comes_home_and_leaves_again(calling: Calling, shelves: Shelves) -> None:
    caller = calling(shelves[0], role="home", come_home=(APP,))
    assert shelf.who() == "a"
    caller.registry.set_drained(["a"])
    eventually(lambda: shelf.who() == HERE)
    caller.registry.set_drained([])
    eventually(lambda: shelf.who() == "a")


def test_others_find_it_at_home(calling: Calling, start: Start, shelves: Shelves) -> None:
    caller = calling(start("home", role="home"), shelves[0], come_home=(APP,))
    assert {shelf.who() for _ in range(20)} == {"a"}
    caller.registry.withdraw("a")
    eventually(lambda: shelf.who() == "home")


def test_what_may_not_come_home_does_not(calling: Calling, start: Start) -> None:
    for role in ("home", "till"):
        caller = calling(role=role)
        caller.knows(start(f"home-{role}", role="home"), contract=Shelf)
        with pytest.raises(NotSent, match="no instance of shelf is there"):
            shelf.who()


def test_a_resting_instance_sends_nobody_home(calling: Calling, start: Start) -> None:
    mortal = start("mortal")
    calling(mortal, start("home", role="home"), come_home=(APP,))
    assert shelf.who() == "mortal"
    mortal.kill()
    for _ in range(3):
        with pytest.raises(NotSent, match=r"nobody listens|resting"):
            shelf.who()
