"""Old and new versions of a contract side by side."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import pytest

from extract.call import CallRefused, Contract, NotSent, handle, once, repeatable
from extract.call.contract import fingerprint
from extract.call.remote import serving
from extract.trust import InternalRequest
from tests.extract.call.remote.scene import Callee, Caller, eventually
from tests.extract.call.remote.shelf import APP, Shelf
from tests.extract.call.remote.shelf_other import OtherShelf

Calling = Callable[..., Caller]
Start = Callable[..., Callee]
Shelves = tuple[Callee, ...]

OTHER = "tests.extract.call.remote.shelf_other"


class SmallShelf(Contract, app=APP):
    """What a caller knew before the shelf learnt the rest."""

    @repeatable()
    def who(self) -> str: ...


class NewShelf(Contract, app=APP, version=3):
    """What a caller expects before the shelf has learnt it."""

    @repeatable()
    def who(self) -> str: ...

    @once()
    def fold(self) -> None: ...


def seen(*callees: Callee) -> int:
    """How many calls reached these."""
    found = [callee.reached() or {} for callee in callees]
    return sum(sum(each.values()) - each["begun"] for each in [{**f, "begun": 0} for f in found])


def test_versions_that_go_together_serve_each_other(caller: Caller) -> None:
    small = handle(SmallShelf)
    assert {small.who() for _ in range(60)} == {"a", "b", "c"}


def test_an_incompatible_version_is_refused_before_anything_is_sent(
    caller: Caller, shelves: Shelves
) -> None:
    before = seen(*shelves)
    with pytest.raises(CallRefused, match=r"contract of shelf/a, shelf/b, shelf/c .*shelf.who"):
        handle(OtherShelf).who()
    with pytest.raises(CallRefused, match=r"shelf.fold: the method is new"):
        handle(NewShelf).who()
    assert seen(*shelves) == before


def test_of_both_the_one_that_fits_is_chosen(
    caller: Caller, shelves: Shelves, start: Start
) -> None:
    other = start("other", module=OTHER)
    caller.knows(other, contract=OtherShelf)
    old, new = handle(Shelf), handle(OtherShelf)
    assert {old.who() for _ in range(60)} == {"a", "b", "c"}
    assert {new.who() for _ in range(10)} == {2}
    assert (other.reached() or {})["who"] == 10


def test_while_a_version_is_unknown_the_others_are_chosen(
    caller: Caller, shelves: Shelves, start: Start
) -> None:
    """It hangs as soon as it is known, and so describes nothing."""
    silent = start("silent", module=OTHER)
    caller.knows(silent, contract=OtherShelf, contracts={APP: "0123456789abcdef"})
    with silent.stopped():
        began = time.monotonic()
        assert {handle(Shelf).who() for _ in range(60)} == {"a", "b", "c"}
        assert time.monotonic() - began < 0.9, "nobody waits for it"


def test_one_that_is_not_what_it_says_is_not_called(calling: Calling, start: Start) -> None:
    liar = start("liar")
    caller = calling()
    caller.knows(liar, contract=Shelf, contracts={APP: "fedcba9876543210"})
    with pytest.raises(NotSent, match="shelf/liar did not say which contract they have"):
        handle(Shelf).who()
    assert seen(liar) == 0


def test_one_that_comes_with_another_version_is_found_out(
    calling: Calling, start: Start, shelves: Shelves
) -> None:
    caller = calling(shelves[0])
    old = handle(Shelf)
    assert old.who() == "a"
    caller.registry.withdraw("a")
    caller.knows(start("other", module=OTHER), contract=OtherShelf)
    eventually(lambda: not any(k.instance.id == "a" and not k.gone for k in caller.view.known()))
    with pytest.raises(CallRefused, match=r"shelf/other .*shelf.who"):
        old.who()


def test_where_home_has_what_fits_home_is_called(
    calling: Calling, start: Start, shelves: Shelves
) -> None:
    caller = calling(come_home=(APP,))
    caller.knows(start("other", module=OTHER), contract=OtherShelf)
    caller.knows(start("home", role="home"), contract=Shelf)
    eventually(lambda: handle(Shelf).who() == "home")
    assert handle(OtherShelf).who() == 2


def test_a_provider_refuses_a_caller_that_it_knows_not_to_fit(
    caller: Caller, settings: object
) -> None:
    with pytest.raises(CallRefused):
        handle(OtherShelf).who()  # so that what a Shelf looks like is known here

    settings.EXTRACT_APPS, settings.EXTRACT_ROLE = (APP,), APP  # type: ignore[attr-defined]
    serving._served[APP] = OtherShelf
    try:
        headers = {"X-Time-Left": "5", "X-Contract": fingerprint(Shelf)}
        answered = serving.call(
            InternalRequest("POST", f"{APP}/who/", "till/me", headers, b"{}", {})
        )
    finally:
        del serving._served[APP]
    assert answered.status == 412
    assert "shelf.who" in msgspec.json.decode(answered.body)["reason"]
