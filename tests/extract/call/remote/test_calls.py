"""A call to another process is the same call."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.call import CallError, CallRefused, Effect, handle, new_context, using_context
from extract.call.remote import breaker
from tests.extract.call.remote.scene import Callee, Caller, eventually
from tests.extract.call.remote.shelf import Item, Missing, Shelf

shelf = handle(Shelf)
texts = st.text(st.characters(exclude_categories=["Cs"]))
items = st.builds(
    Item,
    sku=texts,
    price=st.decimals(allow_nan=False, allow_infinity=False),
    tags=st.lists(texts, max_size=3).map(tuple),
)
same_process = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40
)


@same_process
@given(item=items)
def test_values_arrive_as_they_were_sent(caller: Caller, item: Item) -> None:
    assert shelf.item(item=item) == item


@same_process
@given(sku=texts, left=st.integers(-(2**63), 2**63 - 1))
def test_a_declared_error_arrives_as_itself(caller: Caller, sku: str, left: int) -> None:
    with pytest.raises(Missing) as caught:
        shelf.take(sku=sku, left=left)
    assert (caught.value.sku, caught.value.left) == (sku, left)
    assert str(caught.value) == f"There are only {left} of {sku}."


def test_an_answer_of_any_size_arrives(caller: Caller) -> None:
    big = Item(sku="x" * 3_000_000, price=Decimal(1))
    assert shelf.item(item=big) == big


def test_ids_trace_time_left_and_subject_travel(caller: Caller) -> None:
    context = new_context(seconds=4, subject="someone", roles=("staff", "admin"))
    with using_context(context):
        seen = shelf.surroundings()
    assert seen.correlation_id == context.correlation_id
    assert seen.trace == context.traceparent.split("-")[1]
    assert 3 < seen.time_left <= 4
    assert (seen.subject, seen.token) == ("someone", "")
    assert seen.roles == (), "roles count under a token alone"


def test_under_a_token_only_what_it_proves_counts(caller: Caller) -> None:
    claimed = new_context(subject="someone else", roles=("admin",), token="token:ada")
    with using_context(claimed):
        seen = shelf.surroundings()
    assert (seen.subject, seen.roles, seen.token) == ("ada", ("staff",), "token:ada")


@pytest.mark.parametrize(
    ("context", "why"),
    [
        (new_context(seconds=1e6, token="forged"), "token"),
        (new_context(seconds=1e6, subject="a\r\nX-Roles: admin"), "header"),
        (new_context(seconds=1e6, subject="a\rX-Roles: admin"), "header"),
        (new_context(seconds=1e6, subject="\N{SNOWMAN}"), "ASCII"),
        (new_context(seconds=float("nan")), "deadline"),
    ],
    ids=["token", "line break", "half of one", "letters", "time"],
)
def test_surroundings_that_cannot_be_right_are_refused(
    caller: Caller, context: object, why: str
) -> None:
    with using_context(context), pytest.raises(CallError, match=why) as caught:  # type: ignore[arg-type]
        shelf.surroundings()
    assert caught.value.effect in (Effect.REFUSED, Effect.NOT_SENT)


def test_bad_arguments_are_refused(caller: Caller) -> None:
    for arguments in ({"more": 1}, {}):
        with pytest.raises(CallRefused, match="bad arguments") as caught:
            shelf.item(**arguments)  # type: ignore[arg-type]
        assert caught.value.effect is Effect.REFUSED


def test_threads_get_their_own_answers(caller: Caller) -> None:
    def ask(number: int) -> bool:
        item = Item(sku=str(number), price=Decimal(number))
        return all(shelf.item(item=item) == item for _ in range(50))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(16)))


def test_calls_are_spread_over_the_instances(caller: Caller) -> None:
    assert {shelf.who() for _ in range(60)} == {"a", "b", "c"}


def test_weights_are_respected(calling: Callable[..., Caller], shelves: tuple[Callee, ...]) -> None:
    a, b, c = shelves
    caller = calling(a)
    caller.knows(b, contract=Shelf, weight=2)
    caller.knows(c, contract=Shelf, weight=0)
    answers = [shelf.who() for _ in range(200)]
    assert answers.count("c") == 0
    assert answers.count("a") > 170


def test_a_forked_child_has_connections_of_its_own(caller: Caller) -> None:
    """If it had not, both would read each other's answers."""

    def ask(name: str) -> bool:
        items = [Item(sku=f"{name}{number}", price=Decimal(number)) for number in range(150)]
        return all(shelf.item(item=item) == item for item in items)

    assert ask("before")
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        os._exit(0 if ask("child") else 1)
    assert ask("parent")
    assert os.waitpid(child, 0)[1] == 0


def test_a_child_of_a_busy_process_is_not_held_up(caller: Caller) -> None:
    """Other threads may hold any lock at the moment of the fork."""
    ends = threading.Event()

    def keep_busy() -> None:
        while not ends.is_set():
            shelf.who()

    threads = [threading.Thread(target=keep_busy) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            child = os.fork()
            if child == 0:
                signal.alarm(20)
                os._exit(0 if shelf.who() in ("a", "b", "c") else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        ends.set()
        for thread in threads:
            thread.join()


def test_a_forked_child_finds_out_for_itself_who_is_well(
    calling: Callable[..., Caller], shelves: tuple[Callee, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its parent knew may be of calls that other threads had under way."""
    monkeypatch.setattr(breaker, "FIRST_REST", 60.0)
    calling(*shelves)

    def is_tried() -> bool:
        with pytest.raises(CallError) as failed:
            shelf.stumble_once()
        return failed.value.effect is Effect.UNKNOWN

    assert is_tried()
    eventually(lambda: not is_tried())  # for all rest by then
    if (child := os.fork()) == 0:
        signal.alarm(30)
        os._exit(0 if is_tried() else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert not is_tried()


def test_who_has_all_the_time_in_the_world_may_call(caller: Caller) -> None:
    with using_context(new_context(seconds=float("inf"))):
        assert shelf.who() in ("a", "b", "c")
