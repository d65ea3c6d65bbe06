"""What the layer's own tables hold about a subject: events, sagas and kept answers.

Rows are the subject's by their column, or by what they are about: an event by its aggregate, a
saga by its id, a kept answer by its work. ``things`` are these, as text; with a slash in it, one is
an app's work of its own, which is an aggregate alone.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet

from extract.data import alias_of, owned
from extract.data.models import IdempotencyKey
from extract.event.models import InboxEvent, OutboxEvent, Verdict
from extract.saga.models import SagaRun

EMPTY = "{}"


def tables(app: str, subject: str, things: Collection[str]) -> list[QuerySet[Any]]:
    """The rows of ``app`` about the subject, table by table."""
    alias, ours = alias_of(app), _Ours(subject, things)
    return [
        OutboxEvent.objects.using(alias).filter(ours.events),
        InboxEvent.objects.using(alias).filter(ours.events),
        SagaRun.objects.using(alias).filter(ours.sagas),
        IdempotencyKey.objects.using(alias).filter(ours.keys),
    ]


def under_way(app: str, subject: str, things: Collection[str]) -> str:
    """What of it is not done yet, in a few words; "" if nothing is."""
    outbox, inbox, sagas, _ = tables(app, subject, things)
    waiting = outbox.filter(state=OutboxEvent.State.WAITING).first()
    if waiting is not None:
        return f"{waiting.type} has not reached {waiting.subscriber}"
    undecided = inbox.filter(state__in=InboxEvent.UNDECIDED).first()
    if undecided is not None:
        dead = undecided.state == InboxEvent.State.DEAD
        return f"{undecided.type} is {'a dead letter' if dead else 'not handled'}"
    unfinished = sagas.filter(status__in=SagaRun.UNFINISHED).first()
    return "" if unfinished is None else f"{unfinished.saga} is not finished"


def scrub(app: str, subject: str, things: Collection[str]) -> None:
    """Let done rows tell nothing of the subject any more. They stay, as they tell a second delivery
    from a first; kept answers go, as nobody is left to ask for them."""
    outbox, inbox, sagas, keys = tables(app, subject, things)
    blank = {"subject": "", "payload": EMPTY, "last_error": ""}
    with owned(app):
        outbox.filter(state=OutboxEvent.State.DONE).update(**blank)
        inbox.exclude(state__in=InboxEvent.UNDECIDED).update(**blank)
        sagas.exclude(status__in=SagaRun.UNFINISHED).update(subject="", state={}, last_error="")
        keys.exclude(status=None).delete()
        verdicts = Verdict.objects.using(alias_of(app))
        verdicts.filter(aggregate__in=things).update(error="")


class _Ours:
    def __init__(self, subject: str, things: Collection[str]) -> None:
        self.events = Q(subject=subject) | Q(aggregate__in=things)
        ids = [thing for thing in things if "/" not in thing]
        self.sagas = Q(subject=subject) | Q(pk__in=ids)
        # A key's scope says last whose it is.
        self.keys = Q(scope__endswith=f":{subject}") | Q(work__in=ids)
