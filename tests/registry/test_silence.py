"""What makes a silent instance count as gone, moment by moment."""

from __future__ import annotations

from extract.registry.silence import Silence


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def silence_of(looker: str, clock: Clock) -> Silence:
    """That has heard nothing of "one", whose lease ended just now."""
    silence = Silence(looker, silent_for=4, clock=clock)
    silence.looked(["one"], steady=60)
    silence.asked("one", answered=False)
    return silence


def test_it_takes_several_terms() -> None:
    clock = Clock()
    silence = silence_of("home/a", clock)
    clock.now += 3.9
    silence.looked(["one"], steady=63.9)
    assert silence.doubted() == set()
    clock.now += 0.1
    silence.looked(["one"], steady=64)
    assert silence.doubted() == {"one"}


def test_only_those_count_in_which_the_registry_answered() -> None:
    """It was away and is back: who is there has not announced itself to it again yet."""
    clock = Clock()
    silence = silence_of("home/a", clock)
    clock.now += 10
    silence.looked(["one"], steady=0.5)
    assert silence.doubted() == set()
    clock.now += 3.5
    silence.looked(["one"], steady=4)
    assert silence.doubted() == {"one"}


def test_an_answer_or_a_lease_ends_it() -> None:
    clock = Clock()
    silence = silence_of("home/a", clock)
    clock.now += 5
    silence.looked(["one"], steady=65)
    silence.asked("one", answered=True)
    assert silence.doubted() == set()
    silence.asked("one", answered=False)
    silence.looked([], steady=65)
    silence.looked(["one"], steady=65)
    assert silence.doubted() == set()


def test_another_one_has_to_say_so_too() -> None:
    clock = Clock()
    silence = silence_of("home/a", clock)
    clock.now += 5
    silence.looked(["one"], steady=65)
    assert silence.gone({"one": {"home/a"}}) == set()
    assert silence.gone({"one": {"home/a", "gateway/b"}}) == {"one"}
    assert silence.gone({"other": {"gateway/b"}}) == set()
