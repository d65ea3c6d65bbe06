"""Keyed requests of payment: one effect and one answer per key, also for who asks again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.payment.refusals import IN_PROGRESS, KEY_REUSED, Refused
from extract.data import idempotency, owned
from extract.data.idempotency import Answer
from extract.data.models import IdempotencyKey
from extract.saga import Saga, run
from extract.saga.models import SagaRun

APP = "payment"
REPEAT_WAITS = 20.0
"""Seconds that a repeated request waits for the first one's answer."""


@dataclass(frozen=True, kw_only=True)
class KeyedSaga:
    """A saga that a keyed request starts, and what its client is told of each outcome."""

    saga: Saga
    done: Callable[[uuid.UUID], Answer]
    refused: Callable[[dict[str, Any]], Refused]


def earlier(*, scope: str, key: str, content: str) -> IdempotencyKey | None:
    """The earlier request with this key. Raises ``Refused`` if it had another body."""
    try:
        return idempotency.find(APP, scope=scope, key=key, content=content)
    except idempotency.KeyReused:
        raise Refused(KEY_REUSED) from None


def answer_of_run(keyed: KeyedSaga, row: SagaRun) -> Answer | None:
    """The answer that the saga's state allows, kept for its key; None while it is open.

    Past the pivot the answer is given even if the rest still has to follow.
    """
    if row.status == SagaRun.Status.FINISHED or (row.past_pivot and not row.holder):
        answer = keyed.done(row.pk)
        with owned(APP):
            return idempotency.settle(APP, work=row.pk, answer=answer)
    if row.refusal is not None:
        refused = keyed.refused(row.refusal)
        if not refused.final:
            raise refused
        with owned(APP):
            return idempotency.settle(APP, work=row.pk, answer=refused.answer)
    return None


def first_answer(keyed: KeyedSaga, work: uuid.UUID, token: str) -> Answer:
    """Run the saga that was just started, and answer."""
    answer = answer_of_run(keyed, run(keyed.saga, work, token))
    return answer if answer is not None else repeated_answer(keyed, work)


def repeated_answer(keyed: KeyedSaga, work: uuid.UUID) -> Answer:
    """The answer of a request that was sent before: wait for it, or finish it if nobody does."""
    ends_at, pause = time.monotonic() + REPEAT_WAITS, 0.02
    while True:
        kept = IdempotencyKey.objects.using(APP).filter(work=work).first()
        if kept is not None and kept.status is not None:
            return idempotency.answer_of(kept)
        answer = answer_of_run(keyed, run(keyed.saga, work))
        if answer is not None:
            return answer
        if time.monotonic() >= ends_at:
            raise Refused(IN_PROGRESS)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
