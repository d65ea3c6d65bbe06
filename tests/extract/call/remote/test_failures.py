"""What a caller is told when something goes wrong, and what becomes of the call."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from extract.call import (
    CallError,
    CallRefused,
    NotSent,
    OutcomeUnknown,
    handle,
    new_context,
    using_context,
)
from tests.extract.call.remote.scene import Callee, Caller, eventually
from tests.extract.call.remote.shelf import Shelf

shelf = handle(Shelf)
Calling = Callable[..., Caller]
Start = Callable[..., Callee]
Shelves = tuple[Callee, ...]


def reached(*callees: Callee) -> dict[str, int]:
    """How many calls of each method reached these together."""
    total: dict[str, int] = {}
    for callee in callees:
        seen = callee.reached()
        assert seen is not None
        for method, count in seen.items():
            if method != "begun":
                total[method] = total.get(method, 0) + count
    return total


def in_time(seconds: float, call: Callable[[], Any]) -> Any:
    """What the call with so much time returned or raised."""
    with using_context(new_context(seconds=seconds)):
        try:
            return call()
        except CallError as error:
            return error


def test_where_nobody_listens_nothing_was_sent(calling: Calling, start: Start) -> None:
    callee = start("alone")
    calling(callee)
    assert shelf.who_once() == "alone"
    callee.kill()
    with pytest.raises(NotSent, match=r"shelf.who_once failed: shelf/alone: nobody listens at 127"):
        shelf.who_once()
    with pytest.raises(NotSent, match="shelf/alone, the only instance of shelf, is resting"):
        shelf.who_once()


def test_when_all_are_resting_a_call_fails_at_once(caller: Caller, shelves: Shelves) -> None:
    for callee in shelves:
        callee.kill()
    with pytest.raises(NotSent, match=r"nobody listens .* then .*nobody listens .* then "):
        shelf.who()
    began = time.monotonic()
    with pytest.raises(NotSent, match="all 3 instances of shelf are resting"):
        shelf.who()
    assert time.monotonic() - began < 1


def test_one_that_came_back_is_called_again(calling: Calling, start: Start) -> None:
    callee = start("phoenix")
    calling(callee)
    callee.kill()
    with pytest.raises(NotSent):
        shelf.who()
    callee.start().wait()
    eventually(lambda: in_time(1, shelf.who) == "phoenix")


def test_a_provider_that_dies_leaves_the_outcome_of_a_once_method_unknown(
    caller: Caller, shelves: Shelves
) -> None:
    before = reached(*shelves).get("die_once", 0)
    with pytest.raises(OutcomeUnknown, match=r"shelf/[abc]: the connection broke"):
        shelf.die_once(victim="anyone")
    eventually(lambda: sum(callee.is_alive() for callee in shelves) == 2)
    alive = [callee for callee in shelves if callee.is_alive()]
    assert reached(*alive).get("die_once", 0) <= before, "it was not delivered again"


def test_a_repeatable_call_survives_its_provider(caller: Caller, shelves: Shelves) -> None:
    for _ in range(20):
        assert shelf.die(victim="a") in ("b", "c")
    eventually(lambda: not shelves[0].is_alive())


def test_what_one_try_left_unknown_no_later_one_makes_known(
    calling: Calling, start: Start, shelves: Shelves
) -> None:
    """One dies of it, the other is not there: it may have happened."""
    mortal = start("mortal")
    caller = calling(mortal)
    gone = start("gone")
    caller.knows(gone, contract=Shelf)
    gone.kill()
    with pytest.raises(OutcomeUnknown, match=r"mortal: the connection broke|gone: nobody"):
        shelf.die(victim="mortal")


def test_what_the_provider_breaks_on_is_unknown(caller: Caller, shelves: Shelves) -> None:
    before = reached(*shelves).get("stumble_once", 0)
    with pytest.raises(OutcomeUnknown, match=r"shelf/[abc]: the provider raised ZeroDivisionError"):
        shelf.stumble_once()
    assert reached(*shelves)["stumble_once"] == before + 1
    with pytest.raises(OutcomeUnknown, match=r"ZeroDivisionError; then shelf/"):
        shelf.stumble()


def test_a_retry_goes_to_another_instance(caller: Caller, shelves: Shelves) -> None:
    before = [reached(callee).get("stumble", 0) for callee in shelves]
    with pytest.raises(OutcomeUnknown):
        shelf.stumble()
    assert [reached(callee)["stumble"] for callee in shelves] == [each + 1 for each in before]


def test_a_method_that_breaks_does_not_take_the_others_along(caller: Caller) -> None:
    said = [in_time(5, shelf.stumble_once) for _ in range(40)]
    assert isinstance(said[0], OutcomeUnknown)
    assert isinstance(said[-1], NotSent)
    assert "all 3 instances" in str(said[-1])
    assert {shelf.who() for _ in range(30)} == {"a", "b", "c"}


def test_one_that_is_somebody_else_by_now_did_nothing(
    caller: Caller, shelves: Shelves, start: Start
) -> None:
    """It was replaced at its address, and does not take what was signed for the other."""
    a = shelves[0]
    known = {one.instance.id: one.instance for one in caller.view.known()}
    a.kill()
    other = start("other", port=a.port).wait()
    assert all(shelf.who_once() in ("b", "c") for _ in range(20))
    assert known["a"].address == other.address
    assert (other.reached() or {})["who_once"] == 1, "then it rests"


def test_an_instance_of_another_app_does_nothing(calling: Calling, start: Start) -> None:
    calling(start("astray", app="till"))
    with pytest.raises(NotSent, match="shelf/astray answered 421: it does not serve the app"):
        shelf.who_once()


def test_home_takes_so_many_calls_at_a_time(calling: Calling, start: Start) -> None:
    homes = [start("one", role="home"), start("two", role="home")]
    caller = calling(homes[0], come_home=("shelf",))
    with ThreadPoolExecutor(5) as pool:
        napping = [pool.submit(shelf.nap_once, seconds=1.0) for _ in range(2)]
        eventually(lambda: (homes[0].reached() or {})["begun"].get("nap_once") == 2)
        with pytest.raises(NotSent, match="home/one answered 503: it is busy"):
            shelf.who_once()
        caller.knows(homes[1], contract=Shelf)
        assert {shelf.who_once() for _ in range(5)} == {"two"}
        assert [each.result() for each in napping] == ["one", "one"]
    assert {shelf.who_once() for _ in range(30)} == {"one", "two"}


# Time


def test_a_call_ends_when_its_time_is_up(caller: Caller) -> None:
    began = time.monotonic()
    said = in_time(0.4, lambda: shelf.nap(seconds=5))
    assert isinstance(said, OutcomeUnknown)
    assert "its deadline passed" in str(said)
    assert 0.35 < time.monotonic() - began < 1.0


def test_no_work_starts_past_the_deadline(calling: Calling, start: Start) -> None:
    """The request lies before a process that hangs, and is found when nobody waits any more."""
    callee = start("sleeper")
    calling(callee)
    with callee.stopped():
        assert isinstance(in_time(0.3, lambda: shelf.nap_once(seconds=0)), OutcomeUnknown)
    eventually(lambda: (callee.reached() or {}).get("nap_once") == 1)
    assert shelf.who() == "sleeper"
    assert (callee.reached() or {})["begun"] == {}


def test_no_work_starts_past_the_deadline_in_a_queue(calling: Calling, start: Start) -> None:
    callee = start("busy", threads=1)
    calling(callee)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(in_time, 10, lambda: shelf.nap_once(seconds=0.8))
        time.sleep(0.2)
        assert isinstance(in_time(0.3, lambda: shelf.nap_once(seconds=0)), OutcomeUnknown)
        assert first.result() == "busy"
    eventually(lambda: (callee.reached() or {}).get("nap_once") == 2)
    assert (callee.reached() or {})["begun"] == {"nap_once": 1}


# Many calls


def call_often(callers: int, times: int, call: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(callers) as pool:
        done = [pool.submit(in_time, 5, call) for _ in range(callers * times)]
        return [each.result() for each in done]


def failed(said: list[Any]) -> list[CallError]:
    return [each for each in said if isinstance(each, CallError)]


@pytest.mark.parametrize("call", [shelf.who, shelf.who_once], ids=["repeatable", "once"])
def test_one_dead_of_three_costs_nothing(
    caller: Caller, shelves: Shelves, call: Callable[[], str]
) -> None:
    """Also not the connections to it that were kept."""
    assert not failed(call_often(8, 20, call))
    shelves[1].kill()
    assert not failed(call_often(8, 40, call))


def test_the_death_of_one_under_load_costs_no_repeatable_call(
    caller: Caller, shelves: Shelves
) -> None:
    with ThreadPoolExecutor(1) as pool:
        calls = pool.submit(call_often, 8, 200, shelf.who)
        eventually(lambda: reached(shelves[2]).get("who", 0) > 50)
        shelves[2].kill()
        assert not failed(calls.result())


def test_retries_are_a_fifth_at_most(caller: Caller, shelves: Shelves) -> None:
    """A third of the calls fails wherever it goes; each would be made three times."""
    before = reached(*shelves).get("shaky", 0)
    for number in range(300):
        in_time(5, lambda number=number: shelf.shaky(number=number))  # type: ignore[misc]
    delivered = reached(*shelves)["shaky"] - before
    assert 310 <= delivered <= 1.2 * 300


def test_a_hanging_instance_is_left_alone_until_it_goes_on(calling: Calling, start: Start) -> None:
    callee = start("hanging")
    calling(callee)
    with callee.stopped():
        said = [each for each in call_often_in(0.3, 6) if isinstance(each, OutcomeUnknown)]
        assert len(said) >= 5
        began = time.monotonic()
        with pytest.raises(NotSent, match="is resting after failures"):
            shelf.who()
        assert time.monotonic() - began < 1, "it was not asked"
    eventually(lambda: in_time(2, shelf.who) == "hanging")
    assert not failed(call_often(4, 10, shelf.who))


def call_often_in(seconds: float, callers: int) -> list[Any]:
    with ThreadPoolExecutor(callers) as pool:
        done = [pool.submit(in_time, seconds, shelf.who) for _ in range(callers)]
        return [each.result() for each in done]


def test_of_three_a_hanging_one_hurts_for_a_moment(caller: Caller, shelves: Shelves) -> None:
    with shelves[0].stopped():
        first = [in_time(0.3, shelf.who) for _ in range(60)]
        assert len(failed(first)) <= 6, "five in a row, and one on trial"
        began = time.monotonic()
        later = call_often(8, 10, shelf.who)
        assert len(failed(later)) <= 1
        assert time.monotonic() - began < 6


def test_what_was_refused_is_not_tried_elsewhere(caller: Caller, shelves: Shelves) -> None:
    before = reached(*shelves).get("surroundings", 0)
    with using_context(new_context(token="forged")), pytest.raises(CallRefused):
        shelf.surroundings()
    assert reached(*shelves)["surroundings"] == before + 1
