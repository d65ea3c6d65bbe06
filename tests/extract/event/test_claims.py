"""A claim lapses soon after its process died, and holds for as long as steps run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from extract.event import claims
from extract.event.background import drain
from extract.event.handling import finish_due
from extract.event.models import InboxEvent
from tests.extract.event.scene import SUBSCRIBER, Counter, count, die, inbox
from tests.extract.event.scene import Died as ProcessDied
from tests.fleets import wait_until


def lapses_at() -> datetime:
    return InboxEvent.objects.using(SUBSCRIBER).values_list("due_at", flat=True).get()


def test_the_claim_of_the_dead_lapses_within_five_seconds(counter: Counter) -> None:
    counter.finishing = die
    count("a", 1)
    with pytest.raises(ProcessDied):
        drain()
    rows = InboxEvent.objects.using(SUBSCRIBER).values_list("due_at", Now())
    due, now = rows.get()
    assert timedelta(seconds=3) < due - now <= timedelta(seconds=5)


def test_a_claim_is_renewed_for_as_long_as_the_steps_run(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "CLAIM", 0.3)
    taken: list[int] = []

    def take_long(event: Any) -> None:
        first = lapses_at()
        wait_until(lambda: lapses_at() > first + timedelta(seconds=0.3))
        taken.append(finish_due(SUBSCRIBER))

    counter.finishing = take_long
    count("a", 1)
    drain()
    assert taken == [0], "nobody else took it"
    assert [(row.state, row.attempts) for row in inbox("a")] == [("done", 1)]


def test_steps_that_take_longer_than_they_may_lose_their_claim(
    counter: Counter, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "CLAIM", 0.2)
    settings.EXTRACT_STEP_SECONDS = 0.4
    others: list[int] = []

    def hang(event: Any) -> None:
        if not others:
            others.append(0)
            wait_until(lambda: finish_due(SUBSCRIBER))
            others.append(1)

    counter.finishing = hang
    count("a", 1)
    drain()
    assert others == [0, 1], "somebody else finished it"
    assert [(row.state, row.attempts) for row in inbox("a")] == [("done", 2)]
