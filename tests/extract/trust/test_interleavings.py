"""What many threads share, with another one in between any two steps."""

from __future__ import annotations

from collections.abc import Callable

from extract.trust.entry import _Load
from extract.trust.trust import _Seen
from tests.extract.trust.between import at_every_step


def test_the_load_is_right_whoever_comes_in_between() -> None:
    load = _Load()

    def scene() -> tuple[Callable[[], object], Callable[[], object]]:
        return (lambda: load.end(load.begin())), load.begin

    steps = [(step, len(load)) for step, _ in at_every_step(scene)]
    assert len(steps) > 5
    assert steps == [(step, step + 1) for step, _ in steps]


def test_a_request_is_taken_once_also_when_the_halves_turn() -> None:
    """It is not found to have come before, and it is when it comes again."""
    seen = _Seen()

    def scene() -> tuple[Callable[[], bool], Callable[[], object]]:
        nonlocal seen
        seen = _Seen()
        return (lambda: seen.add("home/a", "nonce")), turn

    def turn() -> None:
        seen._turn_at = 0.0
        assert seen.add("home/b", "another")

    taken = [
        (step, is_taken, seen.add("home/a", "nonce")) for step, is_taken in at_every_step(scene)
    ]
    assert len(taken) > 5
    assert taken == [(step, True, False) for step, *_ in taken]


def test_of_two_alike_one_is_taken() -> None:
    seen, others = _Seen(), list[bool]()

    def scene() -> tuple[Callable[[], bool], Callable[[], object]]:
        nonlocal seen
        seen = _Seen()
        return (lambda: seen.add("home/a", "nonce")), again

    def again() -> None:
        seen._turn_at = 0.0
        others.append(seen.add("home/a", "nonce"))

    for step, is_taken in at_every_step(scene):
        assert is_taken is not others[step], step
