"""What the databases say afterwards, compared with what was committed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from django.conf import settings
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Greatest

from apps.payment.models import Cart
from extract.event.models import InboxEvent, OutboxEvent
from extract.queue.places import home_queue, own_queue
from tests.fleets import ROOT
from tests.soak.effects import PUBLISHER, SUBSCRIBER, Plain, Stepped


def handled() -> int:
    """How many of the soak's events are wholly done."""
    ours = _inbox().filter(type__in=(Plain.type, Stepped.type))
    return ours.filter(state=InboxEvent.State.DONE).count()


def under_way() -> int:
    """How many events wait in the publisher's outbox, or in the subscriber's inbox."""
    outbox = _outbox().filter(state=OutboxEvent.State.WAITING)
    return outbox.count() + _inbox().filter(state=InboxEvent.State.WAITING).count()


def costs() -> str:
    """How often something had to be done again, for people."""
    again = _outbox().aggregate(again=Sum(Greatest(F("sends") - 1, 0)))["again"]
    tried = _inbox().filter(attempts__gt=1).count()
    twice = sum(told().values()) - len(told())
    return (
        f"sent again {again} times; {tried} events tried more than once; "
        f"second steps repeated {twice} times (allowed)"
    )


def findings(committed: Mapping[str, int]) -> Iterator[str]:
    """In how many ways it is wrong; nothing is right. ``committed``: how many events of each
    thing, numbered from 1."""
    effects = _effects()
    for thing in sorted(committed.keys() | effects.keys()):
        yield from _of_rows(thing, committed.get(thing, 0), effects.get(thing, []))
    yield from _of_second_steps(committed)
    for row in _inbox().exclude(state=InboxEvent.State.DONE):
        yield f"{row.aggregate}: {row.type} is {row.state} after {row.attempts}: {row.last_error}"
    for row in _outbox().exclude(state=OutboxEvent.State.DONE):
        yield f"{row.aggregate}: {row.type} is {row.state} in the outbox after {row.sends} sends"
    if not _outbox().filter(sent_to__in=(own_queue(SUBSCRIBER), home_queue(SUBSCRIBER))).exists():
        yield "nothing went through a queue"
    yield from _audit()


def told() -> Counter[tuple[str, int]]:
    """How often each second step was carried out."""
    return Counter(_lines())


def _of_rows(thing: str, last: int, numbers: list[tuple[int, int]]) -> Iterator[str]:
    """``numbers``: the events' numbers, each with its place."""
    expected = set(range(1, last + 1))
    counted = Counter(number for number, _ in numbers)
    yield from (f"{thing}/{number} is lost" for number in sorted(expected - counted.keys()))
    yield from (
        f"{thing}/{number} has {count} effects" for number, count in counted.items() if count > 1
    )
    yield from (
        f"{thing}/{number} took effect, but was rolled back"
        for number in sorted(counted.keys() - expected)
    )
    if sorted(numbers) != [(number, number - 1) for number in sorted(counted)]:
        order = [number for number, _ in sorted(numbers, key=lambda each: each[1])]
        yield f"{thing} is out of order: {order}"


def _of_second_steps(committed: Mapping[str, int]) -> Iterator[str]:
    expected = {(thing, n) for thing, last in committed.items() for n in range(2, last + 1, 2)}
    found = told()
    for thing, number in sorted(expected - found.keys()):
        yield f"the second step of {thing}/{number} is lost"
    for thing, number in sorted(found.keys() - expected):
        yield f"the second step of {thing}/{number} was not to be"
    latest: Counter[str] = Counter()
    for thing, number in found:
        if number < latest[thing]:
            yield f"the second step of {thing}/{number} came after that of {latest[thing]}"
        latest[thing] = number


def _effects() -> dict[str, list[tuple[int, int]]]:
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    carts = Cart.objects.filter(subject__startswith="thing-")
    for subject, place in carts.values_list("subject", "version"):
        thing, _, number = subject.partition("/")
        found[thing].append((int(number), place))
    return found


def _lines() -> Iterator[tuple[str, int]]:
    if settings.SOAK_FINISHED.exists():
        for line in settings.SOAK_FINISHED.read_text().splitlines():
            thing, _, number = line.partition("/")
            yield thing, int(number)


def _outbox() -> QuerySet[OutboxEvent]:
    return OutboxEvent.objects.using(PUBLISHER)


def _inbox() -> QuerySet[InboxEvent]:
    return InboxEvent.objects.using(SUBSCRIBER)


def _audit() -> Iterator[str]:
    audited = subprocess.run(
        [sys.executable, "manage.py", "extract", "audit", "--json"],
        cwd=ROOT, text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if audited.returncode not in (0, 1):
        yield f"audit: {audited.stderr}"
        return
    for broken in json.loads(audited.stdout.splitlines()[-1])["broken"]:
        yield f"audit: {broken}"
