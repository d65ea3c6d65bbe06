"""Dead letters are listed, retried and discarded; who decided it is written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError
from structlog.testing import capture_logs

from extract.call import new_context, using_context
from extract.data import app_aliases, open_apps, owned
from extract.event import letters, wakeup
from extract.event.background import drain
from extract.event.letters import discard, retry
from extract.event.models import InboxEvent, Verdict
from tests.extract.event.scene import (
    SUBSCRIBER,
    Counter,
    count,
    fail,
    inbox,
    recorded,
    time_passes,
)


@pytest.fixture
def dead(counter: Counter, settings: Any) -> Counter:
    """Of "a" the first event is a dead letter with two behind it, of "b" the only one."""
    settings.EXTRACT_MAX_ATTEMPTS = 2
    counter.recording = lambda event: event.number == 1 and fail(event)
    with using_context(new_context(correlation_id="a-request")):
        count("a", 1, 2, 3)
    count("b", 1)
    count("c", 2)
    drain()
    time_passes()
    drain()
    counter.recording = lambda event: None
    return counter


def id_of(thing: str) -> UUID:
    return inbox(thing)[0].event_id


def verdicts() -> list[Verdict]:
    return list(Verdict.objects.using(SUBSCRIBER).order_by("id"))


def test_they_are_listed_with_all_that_is_known(dead: Counter) -> None:
    first, second = letters.letters()
    assert (first.event_id, first.app, first.type) == (id_of("a"), SUBSCRIBER, "product.Counted")
    assert (first.aggregate, first.attempts, first.error) == ("a", 2, "Broken: a 1")
    assert (first.correlation_id, first.payload) == ("a-request", '{"thing":"a","number":1}')
    assert first.since == inbox("a")[0].done_at is not None
    assert (first.behind, second.behind) == (2, 0)
    assert second.aggregate == "b"
    assert letters.letters(["receipt"]) == []
    assert letters.letters([SUBSCRIBER]) == [first, second]


def test_only_apps_whose_database_is_open_here_are_read(
    dead: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = {**django_settings.DATABASES, SUBSCRIBER: {}}
    monkeypatch.setattr(django_settings, "DATABASES", closed)
    assert open_apps() == tuple(app for app in app_aliases() if app != SUBSCRIBER)
    assert letters.letters() == []


def test_one_that_is_retried_takes_effect_and_what_waited_follows_in_order(
    dead: Counter,
) -> None:
    (verdict,) = retry(SUBSCRIBER, [id_of("a")], by="olive")
    assert [row.state for row in inbox("a")] == ["waiting"] * 3
    first = inbox("a")[0]
    assert (first.attempts, first.last_error, first.done_at) == (0, "Broken: a 1", None)
    drain()
    assert recorded("a") == [1, 2, 3]
    assert [row.state for row in inbox("a")] == ["done"] * 3
    assert [row.state for row in inbox("b")] == ["dead"], "of this nobody said anything"
    assert verdicts() == [verdict]
    assert (verdict.event_id, verdict.decision, verdict.by) == (first.event_id, "retried", "olive")
    assert (verdict.attempts, verdict.error) == (2, "Broken: a 1")
    assert (verdict.type, verdict.aggregate) == ("product.Counted", "a")
    assert verdict.correlation_id == "a-request"
    assert verdicts()[0].decided_at is not None


def test_one_that_fails_again_has_all_its_attempts_and_is_dead_again(dead: Counter) -> None:
    dead.recording = fail
    retry(SUBSCRIBER, [id_of("b")], by="olive")
    drain()
    assert [(row.state, row.attempts) for row in inbox("b")] == [("waiting", 1)]
    time_passes()
    drain()
    assert [(row.state, row.attempts) for row in inbox("b")] == [("dead", 2)]
    assert len(letters.letters()) == 2


def test_a_second_step_is_retried_without_the_first(counter: Counter, settings: Any) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 1
    counter.finishing = fail
    count("a", 1)
    drain()
    counter.finishing = lambda event: None
    counter.recording = fail
    retry(SUBSCRIBER, [id_of("a")], by="olive")
    drain()
    assert recorded("a") == [1]
    assert counter.finished == [("a", 1)]


def test_one_that_is_discarded_takes_no_effect_and_the_rest_goes_on(dead: Counter) -> None:
    (verdict,) = discard(SUBSCRIBER, [id_of("a")], by="olive")
    drain()
    assert recorded("a") == [2, 3]
    assert [row.state for row in inbox("a")] == ["discarded", "done", "done"]
    first = inbox("a")[0]
    assert (first.recorded_at, first.last_error) == (None, "Broken: a 1")
    assert first.done_at is not None
    assert (verdict.decision, verdict.by) == ("discarded", "olive")
    assert [each.aggregate for each in letters.letters()] == ["b"]


def test_many_are_decided_at_once_and_what_is_not_dead_is_left_alone(
    dead: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "CHUNK", 1)
    before = inbox("c")[0]
    chosen = [id_of("a"), inbox("a")[1].event_id, id_of("b"), id_of("c"), uuid4()]
    decided = discard(SUBSCRIBER, chosen, by="olive")
    assert [each.event_id for each in decided] == [chosen[0], chosen[2]]
    after = inbox("c")[0]
    assert (after.state, after.done_at) == (before.state, before.done_at)
    assert retry(SUBSCRIBER, chosen, by="max") == []
    assert len(verdicts()) == 2


@pytest.mark.parametrize("other", [retry, discard], ids=["both retry", "one discards"])
def test_of_many_who_decide_at_once_one_does(
    dead: Counter, together: Callable[..., list[Any]], other: Callable[..., list[Verdict]]
) -> None:
    chosen = [id_of("a"), id_of("b")]

    def decide(number: int) -> list[Verdict]:
        return (other if number % 2 else retry)(SUBSCRIBER, chosen, by=f"operator {number}")

    decided = together(decide, 6)
    assert sorted(len(each) for each in decided) == [0] * 5 + [2]
    (winner,) = {each.by for each in verdicts()}
    assert [each.event_id for each in verdicts()] == chosen
    assert decided[int(winner.split()[1])] != []
    state = {"retried": "waiting", "discarded": "discarded"}[verdicts()[0].decision]
    assert {inbox("a")[0].state, inbox("b")[0].state} == {state}


def test_what_is_decided_and_who_decided_it_are_written_together_or_not_at_all(
    dead: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "_verdict", lambda *_: Verdict())  # misses what it must have
    with pytest.raises(IntegrityError):
        retry(SUBSCRIBER, [id_of("a")], by="olive")
    assert inbox("a")[0].state == "dead"
    assert verdicts() == []


def test_the_worker_is_woken_and_the_log_says_who(dead: Counter) -> None:
    bell = wakeup.listen("inbox")
    try:
        with capture_logs() as logs:
            discard(SUBSCRIBER, [uuid4()], by="olive")
            assert not bell.is_set(), "nothing was decided"
            discard(SUBSCRIBER, [id_of("a")], by="olive")
        assert bell.is_set()
    finally:
        wakeup.forget("inbox", bell)
    (said,) = logs
    assert (said["event"], said["by"]) == ("inbox.discarded", "olive")
    assert said["correlation_id"] == "a-request"


def test_a_claim_that_is_still_running_writes_nothing_over_a_decision(
    counter: Counter, settings: Any
) -> None:
    """A step that outlived its claim fails after others gave the event up and somebody decided."""
    settings.EXTRACT_MAX_ATTEMPTS = 1
    counter.recording = fail
    count("a", 1)
    drain()
    retry(SUBSCRIBER, [id_of("a")], by="olive")
    counter.recording = lambda event: None

    def overtaken(event: Any) -> None:
        with owned(SUBSCRIBER):
            InboxEvent.objects.using(SUBSCRIBER).update(state="dead", attempts=7)
        discard(SUBSCRIBER, [id_of("a")], by="olive")
        fail(event)

    counter.finishing = overtaken
    drain()
    (row,) = inbox("a")
    assert (row.state, row.attempts, row.last_error) == ("discarded", 7, "Broken: a 1")
