"""Work that an app asks of itself is done after the commit, in order, until it succeeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from extract.data import OutsideDoor, in_any_transaction, owned
from extract.event import SubscriptionMistake, work
from extract.event.background import drain
from extract.event.models import InboxEvent, OutboxEvent
from extract.event.work import UnknownWork, ask, is_asked
from tests.extract.event.scene import Broken, time_passes

pytestmark = pytest.mark.usefixtures("database")
APP = "receipt"


class Worker:
    """Receipt's work "mend": notes the keys. ``doing`` is called with each, to fail."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.doing: Callable[[str], object] = lambda key: None

        @work.work(APP, "mend")
        def mend(key: str) -> None:
            self.doing(key)
            self.done.append(key)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    with monkeypatch.context() as declared:
        declared.setattr(work, "_works", {})
        yield Worker()


def ask_for(*keys: str) -> None:
    for key in keys:
        with owned(APP):
            ask(APP, "mend", key)


def fail(key: str) -> None:
    raise Broken(key)


def test_work_is_done_once_and_after_the_commit(worker: Worker) -> None:
    seen: list[bool] = []
    worker.doing = lambda key: seen.append(in_any_transaction())
    with owned(APP):
        ask(APP, "mend", "lamp")
        assert worker.done == []
    drain()
    assert worker.done == ["lamp"]
    assert seen == [False]
    assert drain() == 0


def test_a_transaction_that_fails_asks_for_nothing(worker: Worker) -> None:
    with suppress(Broken), owned(APP):
        ask(APP, "mend", "lamp")
        raise Broken
    drain()
    assert worker.done == []
    assert not is_asked(APP, "mend", "lamp")


def test_it_is_asked_for_inside_the_apps_door_only(worker: Worker) -> None:
    with pytest.raises(OutsideDoor):
        ask(APP, "mend", "lamp")
    with owned("invoice"), pytest.raises(OutsideDoor):
        ask(APP, "mend", "lamp")


def test_work_that_fails_is_tried_again_and_holds_up_its_own_key_alone(worker: Worker) -> None:
    worker.doing = lambda key: key == "lamp" and fail(key)
    ask_for("lamp", "lamp", "vase")
    drain()
    assert worker.done == ["vase"]
    worker.doing = lambda key: None
    time_passes()
    drain()
    assert worker.done == ["vase", "lamp", "lamp"]


def test_whether_it_is_asked_can_be_told_until_it_is_done(worker: Worker, settings: Any) -> None:
    settings.EXTRACT_MAX_ATTEMPTS = 2
    worker.doing = fail
    assert not is_asked(APP, "mend", "lamp")
    ask_for("lamp")
    assert OutboxEvent.objects.using(APP).get().state == "waiting"
    assert is_asked(APP, "mend", "lamp")
    assert not is_asked(APP, "mend", "vase")
    drain()
    assert OutboxEvent.objects.using(APP).get().state == "done"
    assert is_asked(APP, "mend", "lamp"), "it has still to be tried again"
    time_passes()
    drain()
    assert InboxEvent.objects.using(APP).get().state == "dead"
    assert is_asked(APP, "mend", "lamp"), "somebody has to decide"
    worker.doing = lambda key: None
    ask_for("vase")
    drain()
    assert not is_asked(APP, "mend", "vase")


def test_unknown_work_cannot_be_asked_for(worker: Worker) -> None:
    with owned(APP), pytest.raises(UnknownWork, match="receipt declares no work 'paint'"):
        ask(APP, "paint", "lamp")


def test_work_that_this_release_does_not_know_waits_for_one_that_does(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_for("lamp")
    with monkeypatch.context() as older:
        older.setattr(work, "_works", {})
        drain()
    (row,) = InboxEvent.objects.using(APP).all()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert "run the release that does" in row.last_error
    time_passes()
    drain()
    assert worker.done == ["lamp"]


def test_work_is_declared_once(worker: Worker) -> None:
    with pytest.raises(SubscriptionMistake, match="'mend' of receipt is declared twice"):
        Worker()
