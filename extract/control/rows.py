"""What the page's tables say, row by row."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from extract.control import wording
from extract.control.access import INSTANCES, QUEUES
from extract.control.world import HEALTH, WELL, Queue, World
from extract.event.letters import Letter
from extract.observe.history import QUEUE, Traffic, edge
from extract.registry.overview import Placed, Seen
from extract.trust import GATEWAY, HOME

UNWELL = {
    "draining": "drained: it gets no new work",
    "lapsed": "silent: its lease has run out, and whether it is gone cannot be told",
}
NOTHING = Traffic([], 0.0, 0, 0, None, None)
Figures = Mapping[str, Traffic]


class Action(NamedTuple):
    """A link to the page that asks whether it is meant; ``about`` completes its name."""

    label: str
    about: str
    url: str


class Flow(NamedTuple):
    """What went one way: a second, the time it took, and what failed; ``line`` is a sparkline."""

    rate: str
    p50: str
    p99: str
    failed: str
    has_failed: bool
    line: str
    most: str


class AppRow(NamedTuple):
    app: str
    runs: str
    is_there: bool
    flow: Flow
    actions: list[Action]


class CallRow(NamedTuple):
    caller: str
    app: str
    flow: Flow


class InstanceRow(NamedTuple):
    id: str
    name: str
    does: str
    health: str
    is_well: bool
    version: str
    uptime: str
    load: str
    memory: str
    pid: str
    flow: Flow
    avoided: str
    actions: list[Action]


class QueueRow(NamedTuple):
    app: str
    is_known: bool
    waiting: int
    oldest: str
    handled: str
    broker: str
    workers: str
    dead: int
    paused: str
    flow: Flow
    actions: list[Action]


class LetterRow(NamedTuple):
    id: str
    app: str
    type: str
    aggregate: str
    attempts: int
    error: str
    since: str
    behind: int
    correlation_id: str
    actions: list[Action]


class FaultRow(NamedTuple):
    ago: str
    service: str
    name: str
    error: str
    correlation_id: str
    hops: int


class Summary(NamedTuple):
    """The whole in a sentence, and each thing that is not well in one of its own."""

    whole: str
    troubles: list[str]


def flow(traffic: Traffic) -> Flow:
    whole = traffic.rates[:-1]  # the last slot has only begun
    return Flow(
        rate=wording.rate(traffic.rate),
        p50=wording.took(traffic.p50),
        p99=wording.took(traffic.p99),
        failed=wording.share(traffic.failed, traffic.count),
        has_failed=traffic.failed > 0,
        line=wording.sparkline(whole),
        most=wording.rate(max(whole, default=0.0)),
    )


def apps(world: World, figures: Figures, may: Collection[str], scalable: bool) -> list[AppRow]:
    """Each app and what is asked of it from outside; home's own pages come first."""
    here = sum(each.app == HOME for each in world.instances)
    own = AppRow(HOME, _instances(here), here > 0, _of(figures, GATEWAY, HOME), [])
    rows = [own] + [
        AppRow(app, _runs(placed), placed.placement != "none", _of(figures, GATEWAY, app), [])
        for app, placed in world.seen.apps.items()
    ]
    if INSTANCES in may and scalable:
        for row in rows:
            row.actions.append(_action("Scale", row.app, "scale", app=row.app))
    return rows


def calls(figures: Figures) -> list[CallRow]:
    """Which app calls which, the busiest first."""
    sources = (GATEWAY, QUEUE)
    found = [
        (traffic.rate, CallRow(caller, app, flow(traffic)))
        for name, traffic in figures.items()
        for caller, sign, app in [name.partition(">")]
        if sign and caller not in sources
    ]
    return [row for _, row in sorted(found, key=lambda each: -each[0])]


def instances(world: World, figures: Figures, may: Collection[str]) -> list[InstanceRow]:
    avoided = world.avoided
    members = [*((each, "serves") for each in world.instances)]
    members += [(each, "works") for each in world.workers]
    return [_instance(each, does, figures, may, world, avoided[each.id]) for each, does in members]


def queues(world: World, figures: Figures, may: Collection[str]) -> list[QueueRow]:
    return [_queue(app, queue, world, figures, may) for app, queue in world.queues.items()]


def letters(world: World, may: Collection[str]) -> list[LetterRow]:
    found = [letter for queue in world.queues.values() for letter in queue.letters]
    return [_letter(letter, may) for letter in found]


def faults(world: World, most: int = 12) -> list[FaultRow]:
    """One for each request or event that failed, where it began to fail, the latest first."""
    first: dict[str, FaultRow] = {}
    now = time.time()
    for fault in world.faults:  # the newest first, so each one read is earlier
        id = fault.correlation_id
        hops = first[id].hops + 1 if id in first else 1
        ago = first[id].ago if id in first else wording.age(now - fault.at)
        first[id] = FaultRow(ago, fault.service, fault.name, fault.error, id, hops)
    return list(first.values())[:most]


def _runs(placed: Placed) -> str:
    if placed.placement == "own":
        return _instances(sum(each.tier == "own" for each in _there(placed.instances)))
    return {HOME: "at home", "none": "nowhere"}.get(placed.placement, "unknown")


def _there(instances: Iterable[Seen]) -> Iterator[Seen]:
    return (each for each in instances if each.health != "refusing")


def _instances(number: int) -> str:
    return f"{number} instance" if number == 1 else f"{number} instances"


def _of(figures: Figures, caller: str, app: str) -> Flow:
    return flow(figures.get(edge(caller, app), NOTHING))


def _instance(
    each: Seen, does: str, figures: Figures, may: Collection[str], world: World, avoided: int
) -> InstanceRow:
    name = f"{each.app}/{each.id}"
    actions = []
    if INSTANCES in may and world.seen.registry.url:
        verb = "Enable" if each.health == "draining" else "Drain"
        actions.append(_action(verb, name, verb.lower(), id=each.id))
    return InstanceRow(
        id=each.id,
        name=name,
        does=does,
        health=HEALTH.get(each.health, each.health),
        is_well=each.health == WELL and not avoided,
        version=each.version or wording.UNKNOWN,
        uptime=wording.age(each.uptime),
        load=wording.UNKNOWN if each.load is None else str(each.load),
        memory=wording.memory(each.memory),
        pid=wording.UNKNOWN if each.pid is None else str(each.pid),
        flow=flow(figures.get(name, NOTHING)),
        avoided=f"avoided by {avoided} after failures" if avoided else "",
        actions=actions,
    )


def _queue(
    app: str, queue: Queue, world: World, figures: Figures, may: Collection[str]
) -> QueueRow:
    actions = []
    if QUEUES in may and queue.depth is not None:
        verb = "Resume" if queue.pause else "Pause"
        actions.append(_action(verb, f"the queue of {app}", verb.lower(), app=app))
    depth, pause = queue.depth, queue.pause
    return QueueRow(
        app=app,
        is_known=depth is not None,
        waiting=depth.depth if depth else 0,
        oldest=wording.age(depth.oldest) if depth and depth.oldest is not None else wording.NONE,
        handled=wording.rate(depth.rate) if depth else wording.UNKNOWN,
        broker=wording.NONE if depth is None or depth.messages is None else str(depth.messages),
        workers=_emptied_by(app, world),
        dead=depth.dead_letters if depth else 0,
        paused=f"paused by {pause.by}" if pause else "",
        flow=_of(figures, QUEUE, app),
        actions=actions,
    )


def _emptied_by(app: str, world: World) -> str:
    if not world.seen.registry.url:
        return "this process"
    roles = [worker.app for worker in world.workers]
    if own := roles.count(app):
        return f"{own} of its own"
    may_come_home = app in settings.EXTRACT_COME_HOME
    return f"{home} of home" if may_come_home and (home := roles.count(HOME)) else "none"


def _letter(letter: Letter, may: Collection[str]) -> LetterRow:
    about = f"{letter.type} of {letter.aggregate}"
    verbs = ("Retry", "Discard") if QUEUES in may else ()
    since = (timezone.now() - letter.since).total_seconds() if letter.since else None
    return LetterRow(
        id=str(letter.event_id),
        app=letter.app,
        type=letter.type,
        aggregate=letter.aggregate,
        attempts=letter.attempts,
        error=letter.error,
        since=wording.age(since),
        behind=letter.behind,
        correlation_id=letter.correlation_id,
        actions=[
            _action(verb, about, verb.lower(), app=letter.app, event=letter.event_id)
            for verb in verbs
        ],
    )


def _action(label: str, about: str, name: str, **where: object) -> Action:
    return Action(label, about, reverse(f"extract_control:{name}", kwargs=where))


def summary(world: World) -> Summary:
    up = sum(each.health == "up" for each in world.instances)
    whole = f"{up} of {_instances(len(world.instances))} up"
    if world.workers:
        whole += f", {len(world.workers)} worker{'' if len(world.workers) == 1 else 's'}"
    waiting = sum(queue.depth.depth for queue in world.queues.values() if queue.depth)
    whole += f", {waiting} event{'' if waiting == 1 else 's'} waiting"
    return Summary(whole, list(_troubles(world)))


def _troubles(world: World) -> Iterator[str]:
    registry = world.seen.registry
    if registry.url and not registry.reachable:
        yield "The registry does not answer: who is there cannot be told. All goes on as it was."
    if world.seen.untrusted:
        yield f"{world.seen.untrusted} registrations are not signed by keys that are known here."
    for each in world.refusing:
        yield f"{each.app}/{each.id} has left: nobody listens at {each.address}."
    for each in (*world.instances, *world.workers):
        if each.health in UNWELL:
            yield f"{each.app}/{each.id} is {UNWELL[each.health]}."
    for app, placed in world.seen.apps.items():
        if placed.placement == "none":
            yield f"Nobody serves {app}."
    for app, queue in world.queues.items():
        if queue.depth is None:
            yield f"The queue of {app} cannot be read from here."
        elif queue.depth.dead_letters:
            yield f"Dead letters of {app}: {queue.depth.dead_letters}."
        if queue.pause is not None:
            yield f"The queue of {app} is paused by {queue.pause.by}."
