"""What the layer's own tables hold about a subject: events, sagas and kept answers.

Rows are the subject's by their column, or by what they are about: an event by its aggregate, a
saga by its id, a kept answer by its work. ``things`` are these, as text; with a slash in it, one is
an app's work of its own, which is an aggregate alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet

from extract.data import alias_of, owned
from extract.data.models import IdempotencyKey
from extract.event.models import InboxEvent, OutboxEvent, Verdict
from extract.saga.models import SagaRun
from extract.subject import UnderWay
from extract.subject.rows import Table

EMPTY = "{}"

_Rows = Callable[[str, str, Collection[str]], QuerySet[Any]]


def tables(app: str, subject: str, things: Callable[[], Collection[str]]) -> list[Table]:
    """The rows of ``app`` about the subject, table by table; ``things`` are asked for by each."""

    def made(rows: _Rows) -> QuerySet[Any]:
        return rows(alias_of(app), subject, things())

    return [partial(made, rows) for rows in (_outbox, _inbox, _sagas, _answers)]


def refuse_under_way(app: str, subject: str, things: Collection[str]) -> None:
    """Raises ``UnderWay`` if something of it is not done yet."""
    if what := _under_way(app, subject, things):
        raise UnderWay(app=app, what=what)


def _under_way(app: str, subject: str, things: Collection[str]) -> str:
    """What it is, in a few words; "" if nothing is."""
    alias = alias_of(app)
    waiting = _outbox(alias, subject, things).filter(state=OutboxEvent.State.WAITING).first()
    if waiting is not None:
        return f"{waiting.type} has not reached {waiting.subscriber}"
    undecided = _inbox(alias, subject, things).filter(state__in=InboxEvent.UNDECIDED).first()
    if undecided is not None:
        dead = undecided.state == InboxEvent.State.DEAD
        return f"{undecided.type} is {'a dead letter' if dead else 'not handled'}"
    unfinished = _sagas(alias, subject, things).filter(status__in=SagaRun.UNFINISHED).first()
    return "" if unfinished is None else f"{unfinished.saga} is not finished"


def scrub(app: str, subject: str, things: Collection[str]) -> None:
    """Let done rows tell nothing of the subject any more. They stay, as they tell a second delivery
    from a first; kept answers go, as nobody is left to ask for them."""
    alias = alias_of(app)
    blank = {"subject": "", "payload": EMPTY, "last_error": ""}
    ended = {"subject": "", "state": {}, "last_error": ""}
    with owned(app):
        done = _outbox(alias, subject, things).filter(state=OutboxEvent.State.DONE)
        done.update(**blank)
        _inbox(alias, subject, things).exclude(state__in=InboxEvent.UNDECIDED).update(**blank)
        _sagas(alias, subject, things).exclude(status__in=SagaRun.UNFINISHED).update(**ended)
        _answers(alias, subject, things).exclude(status=None).delete()
        Verdict.objects.using(alias).filter(aggregate__in=things).update(error="")


def _outbox(alias: str, subject: str, things: Collection[str]) -> QuerySet[OutboxEvent]:
    ours = Q(subject=subject) | Q(aggregate__in=things)
    return OutboxEvent.objects.using(alias).filter(ours)


def _inbox(alias: str, subject: str, things: Collection[str]) -> QuerySet[InboxEvent]:
    ours = Q(subject=subject) | Q(aggregate__in=things)
    return InboxEvent.objects.using(alias).filter(ours)


def _sagas(alias: str, subject: str, things: Collection[str]) -> QuerySet[SagaRun]:
    return SagaRun.objects.using(alias).filter(Q(subject=subject) | Q(pk__in=_ids(things)))


def _answers(alias: str, subject: str, things: Collection[str]) -> QuerySet[IdempotencyKey]:
    # A key's scope says last whose it is.
    ours = Q(scope__endswith=f":{subject}") | Q(work__in=_ids(things))
    return IdempotencyKey.objects.using(alias).filter(ours)


def _ids(things: Collection[str]) -> list[str]:
    return [thing for thing in things if "/" not in thing]
