"""A saga ends whole, whatever fails and whoever takes it over."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.payment.models import Cart
from extract.audit import audit
from extract.call import DeclaredError, ProviderAway
from extract.data import owned
from extract.event import background
from extract.saga import NotYet, Saga, Step, ended, run, start, try_again
from extract.saga.models import SagaRun
from extract.saga.sweep import sweep_app

APP = "payment"
Status = SagaRun.Status
_numbers = itertools.count()


class No(DeclaredError):
    """It said no."""


class Lost(Exception):
    """The answer was lost."""


class Scripted(Step):
    """A step that does what its script says, one entry per attempt, then succeeds."""

    def __init__(self, name: str, script: list[Exception | None], *, pivot: bool = False) -> None:
        self.name = name  # type: ignore[misc]
        self.pivot = pivot  # type: ignore[misc]
        self.script = list(script)
        self.acted: list[uuid.UUID] = []
        self.undone: list[uuid.UUID] = []
        self.undo_script: list[Exception] = []
        self.during: Callable[[SagaRun], None] = lambda run: None

    def act(self, run: SagaRun) -> str:
        self.acted.append(run.pk)
        self.during(run)
        if self.script and (failure := self.script.pop(0)) is not None:
            raise failure
        return f"{self.name} done"

    def record(self, run: SagaRun, outcome: Any) -> None:
        # A row of the app's own, to see that recording happens once and with the advance.
        Cart.objects.create(subject=f"{self.name}:{run.pk}"[:64])

    def undo(self, run: SagaRun) -> None:
        self.undone.append(run.pk)
        if self.undo_script:
            raise self.undo_script.pop(0)


def audited() -> list[dict[str, Any]]:
    return [
        dict(row)
        for broken in audit(delays=(0,))
        for row in broken.rows
        if "same reason" in broken.invariant
    ]


def recorded(step: Step, id: uuid.UUID) -> int:
    return Cart.objects.filter(subject=f"{step.name}:{id}"[:64]).count()


def make(*steps: Step, patience: float = 60, **options: Any) -> Saga:
    name = f"scripted-{next(_numbers)}"
    return Saga(app=APP, name=name, steps=steps, patience=timedelta(seconds=patience), **options)


def begin(saga: Saga) -> tuple[uuid.UUID, str]:
    id = uuid.uuid4()
    with owned(APP):
        return id, start(saga, id=id, state={})


def until_ended(saga: Saga, id: uuid.UUID, token: str = "") -> SagaRun:
    row = run(saga, id, token)
    while row.status in SagaRun.UNFINISHED:
        with owned(APP):  # what is due later is due now
            due_now = SagaRun.objects.using(APP).filter(pk=id)
            due_now.update(due_at=row.created_at, held_until=None)
        row = run(saga, id)
    return row


failures = st.lists(st.sampled_from([None, No(), Lost()]), max_size=4)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=failures, pivot=failures, after=failures)
def test_it_finishes_or_is_compensated_and_never_half(
    database: None,
    before: list[Exception | None],
    pivot: list[Exception | None],
    after: list[Exception | None],
) -> None:
    first, last = Scripted("a", before), Scripted("c", after)
    turn = Scripted("b", pivot, pivot=True)
    saga = make(first, turn, last)
    id, token = begin(saga)
    row = until_ended(saga, id, token)
    if row.status == Status.FINISHED:
        assert [recorded(step, id) for step in saga.steps] == [1, 1, 1]
        assert [step.undone for step in (first, turn, last)] == [[], [], []]
    else:
        assert row.status == Status.COMPENSATED
        assert row.refusal is not None
        assert recorded(turn, id) == 0, "past the pivot there is no way back"
        assert first.undone == [id]
        assert not last.acted


def test_a_refusal_before_the_pivot_undoes_from_that_step_back(database: None) -> None:
    ended: list[str] = []
    first, turn = Scripted("a", []), Scripted("b", [No()], pivot=True)
    saga = make(first, turn, compensated=lambda run: ended.append(run.refusal["error"]))  # type: ignore[index]
    id, token = begin(saga)
    row = run(saga, id, token)
    assert row.status == Status.COMPENSATED
    assert (turn.undone, first.undone) == ([id], [id])
    assert ended == ["No"]


def test_a_pivot_that_lost_its_answer_is_asked_again_at_once(database: None) -> None:
    turn = Scripted("b", [Lost(), Lost()], pivot=True)
    saga = make(turn)
    id, token = begin(saga)
    assert run(saga, id, token).status == Status.FINISHED
    assert len(turn.acted) == 3


def test_its_end_is_told_once_and_how_it_ended(database: None) -> None:
    told: list[tuple[str, str]] = []

    def hear(saga: Saga, status: str, **kwargs: Any) -> None:
        told.append((saga.name, status))

    ended.connect(hear)
    try:
        good = make(Scripted("one", []), Scripted("two", [Lost()], pivot=True))
        bad = make(Scripted("one", [No()]), Scripted("two", [], pivot=True))
        for saga in (good, bad):
            id, token = begin(saga)
            until_ended(saga, id, token)
            run(saga, id, token)
    finally:
        ended.disconnect(hear)
    assert told == [(good.name, Status.FINISHED), (bad.name, Status.COMPENSATED)]


def test_an_overdue_saga_compensates_before_its_pivot_and_goes_on_after_it(database: None) -> None:
    late = make(Scripted("a", []), Scripted("b", [], pivot=True), patience=-1)
    id, token = begin(late)
    row = run(late, id, token)
    assert row.status == Status.COMPENSATED
    assert row.refusal == {"error": "Overdue", "fields": {}}

    last = Scripted("c", [Lost()])
    saga = make(Scripted("b", [], pivot=True), last)
    id, token = begin(saga)
    assert run(saga, id, token).status == Status.RUNNING
    with owned(APP):
        row = SagaRun.objects.using(APP).get(pk=id)
        SagaRun.objects.using(APP).filter(pk=id).update(deadline_at=row.created_at)
    assert until_ended(saga, id).status == Status.FINISHED


def test_compensation_is_tried_until_it_succeeds(database: None) -> None:
    first = Scripted("a", [No()])
    first.undo_script = [Lost(), Lost()]
    saga = make(first, Scripted("b", [], pivot=True))
    id, token = begin(saga)
    assert run(saga, id, token).status == Status.COMPENSATING
    assert until_ended(saga, id).status == Status.COMPENSATED
    assert len(first.undone) == 3


def test_an_end_that_cannot_be_written_down_is_tried_again(database: None) -> None:
    ends: list[uuid.UUID] = []

    def compensated(run: SagaRun) -> None:
        ends.append(run.pk)
        if len(ends) == 1:
            raise ValueError("This cannot be written down.")

    first = Scripted("a", [No()])
    saga = make(first, Scripted("b", [], pivot=True), compensated=compensated)
    id, token = begin(saga)
    assert run(saga, id, token).status == Status.COMPENSATING
    assert until_ended(saga, id).status == Status.COMPENSATED
    assert ends == [id, id]


def test_nobody_else_advances_a_saga_that_is_held(database: None) -> None:
    saga = make(Scripted("b", [], pivot=True))
    id, _ = begin(saga)
    assert run(saga, id).status == Status.RUNNING
    assert sweep_app(APP) == 0


def test_a_lapsed_lease_is_taken_over_and_the_former_holder_records_nothing(
    database: None,
) -> None:
    turn = Scripted("b", [], pivot=True)
    saga = make(turn)
    id, token = begin(saga)
    rows = SagaRun.objects.using(APP).filter(pk=id)
    taken_over: list[SagaRun] = []

    def while_the_first_hangs(row: SagaRun) -> None:
        turn.during = lambda row: None
        with owned(APP):
            rows.update(held_until=row.created_at)
        taken_over.append(run(saga, id))

    turn.during = while_the_first_hangs
    row = run(saga, id, token)
    assert taken_over[0].status == row.status == Status.FINISHED
    assert len(turn.acted) == 2
    assert recorded(turn, id) == 1


def test_many_runners_record_each_step_once(database: None) -> None:
    steps = [Scripted("a", []), Scripted("b", [], pivot=True), Scripted("c", [])]
    saga = make(*steps)
    id, _ = begin(saga)
    with owned(APP):
        SagaRun.objects.using(APP).filter(pk=id).update(held_until=None)
    barrier = threading.Barrier(8)

    def race() -> None:
        barrier.wait()
        run(saga, id)
        connections.close_all()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run(saga, id).status == Status.FINISHED
    assert [len(step.acted) for step in steps] == [1, 1, 1]
    assert [recorded(step, id) for step in steps] == [1, 1, 1]


@pytest.mark.parametrize("pivot_is_past", [False, True])
def test_what_cannot_be_written_down_is_a_failure_like_any_other(
    database: None, pivot_is_past: bool
) -> None:
    class Unwritable(Scripted):
        def record(self, run: SagaRun, outcome: Any) -> None:
            super().record(run, outcome)
            if len(self.acted) == 1:
                raise ValueError("This cannot be written down.")

    broken, turn = Unwritable("a", []), Scripted("b", [], pivot=True)
    saga = make(turn, broken) if pivot_is_past else make(broken, turn)
    id, token = begin(saga)
    row = run(saga, id, token)
    assert recorded(broken, id) == 0
    if pivot_is_past:
        assert (row.status, row.holder) == (Status.RUNNING, "")
        assert until_ended(saga, id).status == Status.FINISHED
        assert recorded(broken, id) == 1
    else:
        assert row.status == Status.COMPENSATED
        assert broken.undone == [id]


def test_a_saga_that_nobody_knows_does_not_hold_up_the_others(database: None) -> None:
    saga = make(Scripted("b", [], pivot=True))
    ids = [begin(saga)[0] for _ in range(2)]
    with owned(APP):
        rows = SagaRun.objects.using(APP).filter(pk__in=ids)
        rows.update(held_until=None)
        SagaRun.objects.using(APP).filter(pk=ids[0]).update(saga="of another release")
    assert sweep_app(APP) == 2
    assert sweep_app(APP) == 0, "both are asked for already"
    background.drain([APP])
    assert SagaRun.objects.using(APP).get(pk=ids[1]).status == Status.FINISHED
    assert sweep_app(APP) == 1, "the other one stays due, and is no dead letter"


def test_a_step_of_another_release_is_left_to_it(database: None) -> None:
    turn = Scripted("b", [], pivot=True)
    saga = make(turn)
    id, _ = begin(saga)
    rows = SagaRun.objects.using(APP).filter(pk=id)
    with owned(APP):
        rows.update(held_until=None, holder="", step="added later")
    row = run(saga, id)
    assert (row.status, row.holder, row.held_until) == (Status.RUNNING, "", None)
    assert turn.acted == []
    with owned(APP):
        rows.update(step="b")
    assert run(saga, id).status == Status.FINISHED


def test_a_saga_needs_exactly_one_pivot() -> None:
    with pytest.raises(TypeError, match="exactly one pivot"):
        make(Scripted("a", []))


@pytest.mark.parametrize(
    ("failure", "is_told"),
    [
        (No(), True),
        (Lost(), True),
        (ProviderAway("shelf.count", "nobody is there"), False),
        (NotYet("later"), False),
    ],
)
def test_what_fails_without_end_is_a_breach_and_what_merely_waits_is_none(
    database: None, failure: Exception, is_told: bool
) -> None:
    saga = make(Scripted("pay", [], pivot=True), Scripted("after", [failure] * 30))
    id, token = begin(saga)
    for _ in range(20):
        run(saga, id, token)
        assert try_again(APP, [id]) == 1
        token = ""
    assert audited() == []
    run(saga, id)
    told = audited()
    assert bool(told) is is_told
    if is_told:
        assert (told[0]["step"], told[0]["reason"]) == ("after", repr(failure))
        assert told[0]["failures"] == 21


def test_another_reason_is_counted_anew_and_success_forgets_it(database: None) -> None:
    script: list[Exception | None] = [Lost(), Lost(), ProviderAway("a.b", "away"), No(), None]
    saga = make(Scripted("pay", [], pivot=True), Scripted("after", script))
    id, token = begin(saga)
    counted = []
    for _ in script:
        found = run(saga, id, token)
        counted.append((found.failure, found.failures))
        try_again(APP, [id])
        token = ""
    assert counted == [("Lost", 1), ("Lost", 2), ("", 0), ("No", 1), ("", 0)]
    assert found.status == Status.FINISHED


def test_what_has_failed_for_long_is_a_breach_however_rarely_it_was_tried(database: None) -> None:
    saga = make(Scripted("pay", [], pivot=True), Scripted("after", [No()] * 2))
    id, token = begin(saga)
    run(saga, id, token)
    with owned(APP):
        long_ago = timezone.now() - timedelta(minutes=16)
        SagaRun.objects.using(APP).filter(pk=id).update(failing_since=long_ago)
    assert [row["failures"] for row in audited()] == [1]
