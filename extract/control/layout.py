"""Where everything is on the map: what asks on the left, the apps on the right, and the ways
between them, each with a line of its own. In pixels of an SVG image."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from extract.control import wording
from extract.control.world import HEALTH, WELL, Queue, World
from extract.observe.history import Traffic, edge
from extract.registry.overview import Seen
from extract.trust import GATEWAY, HOME, IDENTITY

LEFT_WIDTH = 224
GAP = 266
APP_X = LEFT_WIDTH + GAP
APP_WIDTH = 424
RIGHT = 284
WIDTH = APP_X + APP_WIDTH + RIGHT
BETWEEN, PEOPLE_GAP = 24, 58
HEAD, FOOT, PAD = 46, 34, 12
CHIP_WIDTH, CHIP_HEIGHT, CHIP_GAP = 94, 38, 8
PORT = 38
"""Between two ways into the same box."""
LANE = 16
FAILING = 0.05
"""The share of what goes a way from which on the way shows that it fails."""


class Chip(NamedTuple):
    """A process; ``mark`` is a word for whatever it is but up."""

    x: float
    y: float
    id: str
    about: str
    mark: str
    is_worker: bool


class Box(NamedTuple):
    """``about`` is below its name; ``foot`` is about its queue; ``is_away`` has no process."""

    name: str
    about: str
    foot: str
    foot_warns: bool
    x: float
    y: float
    width: float
    height: float
    is_away: bool
    chips: list[Chip]

    @property
    def bottom(self) -> float:
        return self.y + self.height


class Arrow(NamedTuple):
    """A way; its words are at ``x`` and above ``y``, and what ``failed`` below. Where the way
    itself does not tell, ``source`` is above them, and what failed beside it. ``is_failing``: so
    much failed that the way itself shows it."""

    path: str
    width: float
    x: float
    y: float
    words: str
    failed: str
    is_idle: bool
    is_failing: bool
    source: str = ""


class Map(NamedTuple):
    width: float
    height: float
    boxes: list[Box]
    arrows: list[Arrow]


def drawn(world: World, figures: Mapping[str, Traffic]) -> Map:
    """The map of the world, with the figures of a window on its ways."""
    left = _below_each_other(_left(world), PEOPLE_GAP)
    callers = {app: _callers(app, world, figures) for app in world.seen.apps}
    right = _below_each_other((_app(app, world, len(callers[app])) for app in callers), BETWEEN)
    arrows = _from_left(left, right, figures) + _from_apps(right, callers, figures)
    height = max(box.bottom for box in (*left, *right)) + 4
    return Map(WIDTH, height, [*left, *right], arrows)


def _left(world: World) -> list[Box]:
    name, about = (GATEWAY, "") if world.seen.registry.url else ("visitors", "one process serves")
    people = Box(name, about, "", False, 0, 0, LEFT_WIDTH, 56 if about else 44, False, [])
    boxes = [people, _role(HOME, world)]
    return boxes + ([_role(IDENTITY, world)] if _of(IDENTITY, world.instances) else [])


def _role(role: str, world: World) -> Box:
    members = _of(role, world.instances)
    home = [app for app, placed in world.seen.apps.items() if placed.placement == HOME]
    about = _count(members)
    if role == HOME and home:
        about += f" · {_serving(home, len(world.seen.apps))}"
    workers = _of(role, world.workers)
    return _box(role, about, "", False, 0, LEFT_WIDTH, members, workers, 0, world.avoided)


def _serving(apps: Sequence[str], all_of_them: int) -> str:
    if len(apps) == all_of_them:
        return "serves every app"
    return f"serves {apps[0]}" if len(apps) == 1 else f"serves {len(apps)} apps"


def _app(app: str, world: World, callers: int) -> Box:
    placed = world.seen.apps[app]
    own = _of(app, world.instances)
    about = {"own": _count(own), HOME: "served by home", "none": "nobody serves it"}
    foot, warns = _foot(world.queues.get(app))
    workers, ports = _of(app, world.workers), max(2, callers)
    words = about.get(placed.placement, "unknown: the registry is away")
    box = _box(app, words, foot, warns, APP_X, APP_WIDTH, own, workers, ports, world.avoided)
    return box._replace(is_away=not own)


def _foot(queue: Queue | None) -> tuple[str, bool]:
    if queue is None or queue.depth is None:
        return "queue unknown", True
    depth = queue.depth
    words = [f"queue {depth.depth}"]
    if depth.oldest is not None:
        words.append(f"oldest {wording.age(depth.oldest)}")
    if depth.dead_letters:
        words.append(f"{depth.dead_letters} dead")
    if queue.pause:
        words.append("paused")
    return " · ".join(words), bool(depth.dead_letters or queue.pause)


def _box(
    name: str, about: str, foot: str, warns: bool, x: float, width: float,
    members: Sequence[Seen], workers: Sequence[Seen], ports: int, avoided: Collection[str],
) -> Box:  # fmt: skip
    all_of_them = [*((each, False) for each in members), *((each, True) for each in workers)]
    across = int((width - 2 * PAD + CHIP_GAP) // (CHIP_WIDTH + CHIP_GAP))
    chips = [
        _chip(
            each,
            is_worker,
            each.id in avoided,
            x + PAD + place % across * (CHIP_WIDTH + CHIP_GAP),
            HEAD + place // across * (CHIP_HEIGHT + CHIP_GAP),
        )
        for place, (each, is_worker) in enumerate(all_of_them)
    ]
    lines = math.ceil(len(all_of_them) / across)
    inside = HEAD + lines * (CHIP_HEIGHT + CHIP_GAP) + (FOOT if foot else 6)
    height = max(inside, 20 + ports * PORT)
    return Box(name, about, foot, warns, x, 0, width, height, False, chips)


def _chip(each: Seen, is_worker: bool, is_avoided: bool, x: float, y: float) -> Chip:
    load = wording.UNKNOWN if each.load is None else str(each.load)
    about = f"load {load}" if each.memory is None else f"{load} · {wording.memory(each.memory)}"
    mark = HEALTH.get(each.health, each.health)
    if mark == WELL:
        mark = "avoided" if is_avoided else ""
    return Chip(x, y, each.id[:9], mark or about, mark, is_worker)


def _below_each_other(boxes: Iterable[Box], between: float) -> list[Box]:
    """The first at the top, ``between`` pixels to the second."""
    placed, y = [], 1.0
    for box in boxes:
        chips = [chip._replace(y=chip.y + y) for chip in box.chips]
        placed.append(box._replace(y=y, chips=chips))
        y += box.height + (between if len(placed) == 1 else BETWEEN)
    return placed


def _from_left(
    left: Sequence[Box], right: Sequence[Box], figures: Mapping[str, Traffic]
) -> list[Arrow]:
    """From the gateway and from home, each along a lane of its own, into the left of each app."""
    people, home = left[:2]
    arrows = [_down(people, home, figures.get(edge(GATEWAY, HOME)))]
    for lane, (source, caller) in enumerate(((people, GATEWAY), (home, HOME))):
        x, y = LEFT_WIDTH + LANE * (lane + 1), source.y + 22
        for box in right:
            port = box.y + 30 + lane * PORT
            traffic = figures.get(edge(caller, box.name))
            if traffic is None and caller == HOME:
                continue
            path = f"M{LEFT_WIDTH} {y} H{x} V{port} H{APP_X - 7}"
            arrows.append(_arrow(path, LEFT_WIDTH + 3 * LANE + 6, port, traffic))
    return arrows


def _down(people: Box, home: Box, traffic: Traffic | None) -> Arrow:
    path = f"M{LANE} {people.bottom} V{home.y - 7}"
    return _arrow(path, LANE + 10, people.bottom + PEOPLE_GAP / 2 + 2, traffic)


def _from_apps(
    right: Sequence[Box], callers: Mapping[str, Sequence[str]], figures: Mapping[str, Traffic]
) -> list[Arrow]:
    """From app to app, along lanes on the right, one for each caller."""
    boxes = {box.name: box for box in right}
    lanes = sorted({caller for found in callers.values() for caller in found})
    edge_x = APP_X + APP_WIDTH
    arrows = []
    for app, found in callers.items():
        for place, caller in enumerate(found):
            x = edge_x + LANE * (lanes.index(caller) + 1)
            start = boxes[caller].bottom - 18
            port = boxes[app].y + 30 + place * PORT
            path = f"M{edge_x} {start} H{x} V{port} H{edge_x + 7}"
            text = edge_x + LANE * (len(lanes) + 1) - 6
            arrow = _arrow(path, text, port + 5, figures.get(edge(caller, app)))
            arrows.append(arrow._replace(source=f"from {caller}"))
    return arrows


def _callers(app: str, world: World, figures: Mapping[str, Traffic]) -> list[str]:
    """The other apps that call it."""
    return [each for each in world.seen.apps if each != app and edge(each, app) in figures]


def _arrow(path: str, x: float, y: float, traffic: Traffic | None) -> Arrow:
    if traffic is None:
        return Arrow(path, 1.2, x, y, "idle", "", True, False)
    width = 1.2 + min(math.log10(1 + traffic.rate), 3.0)
    failed = f"{wording.share(traffic.failed, traffic.count)} failed" if traffic.failed else ""
    is_failing = traffic.failed >= FAILING * traffic.count > 0
    return Arrow(path, width, x, y, _words(traffic), failed, False, is_failing)


def _words(traffic: Traffic) -> str:
    p50, p99 = wording.took(traffic.p50), wording.took(traffic.p99)
    return f"{wording.rate(traffic.rate)} · p50 {p50} · p99 {p99}"


def _of(role: str, members: Iterable[Seen]) -> list[Seen]:
    return [each for each in members if each.app == role]


def _count(members: Sequence[Seen]) -> str:
    up = sum(each.health == "up" for each in members)
    if not members:
        return "no instance"
    there = f"{len(members)} instance" + ("" if len(members) == 1 else "s")
    return there if up == len(members) else f"{up} of {there} up"
