"""The map: everybody is on it, nothing lies on anything else, from one process to thirty-two."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import pytest
from msgspec.structs import replace

from extract.control import wording
from extract.control.layout import Box, Chip, Map, drawn
from extract.control.world import Queue, World
from extract.observe.history import Traffic, edge
from extract.queue.depth import Depth
from extract.registry.overview import Overview, Placed, Reached, Seen

APPS = ("product", "payment", "invoice", "receipt")
SOME = Traffic([1.0, 2.0], 1.5, 90, 1, 0.004, 0.2)


def seen(app: str, number: int, health: str = "up") -> Seen:
    return Seen(f"{app[:2]}{number:06}", app, "own", "127.0.0.1:1", "1", health, 3, memory=10**8)


def fleet(each: int, *, workers: int = 0, **health: str) -> World:
    """So many instances of each app, and of home one."""
    own = {
        app: tuple(seen(app, n, health.get(app, "up")) for n in range(each)) for app in APPS
    }  # fmt: skip
    apps = {app: Placed("own" if own[app] else "home", "", own[app]) for app in APPS}
    instances = (
        seen("home", 0),
        seen("identity", 0),
        *(one for some in own.values() for one in some),
    )
    overview = Overview(
        apps, instances, Reached("redis://", True),
        workers=tuple(seen(app, 900 + n) for app in APPS for n in range(workers)),
    )  # fmt: skip
    queues = {app: Queue(Depth(2, 4.0, 0.1, 1, 0, False), None, ()) for app in APPS}
    return World(overview, queues, None, ())


BUSY = {
    edge(caller, app): SOME
    for caller in ("gateway", "home", *APPS)
    for app in (*APPS, "home")
    if caller != app
}


def overlap(one: Box | Chip, other: Box | Chip) -> bool:
    def sides(thing: Box | Chip) -> tuple[float, float, float, float]:
        width, height = (94, 38) if isinstance(thing, Chip) else (thing.width, thing.height)
        return thing.x, thing.x + width, thing.y, thing.y + height

    left, right, top, bottom = sides(one)
    left2, right2, top2, bottom2 = sides(other)
    return left < right2 and left2 < right and top < bottom2 and top2 < bottom


def apart(things: Iterable[Box | Chip]) -> bool:
    return not any(overlap(one, other) for one, other in combinations(things, 2))


def box(map: Map, name: str) -> Box:
    return next(each for each in map.boxes if each.name == name)


@pytest.mark.parametrize(("each", "workers"), [(0, 0), (1, 0), (1, 1), (4, 1), (8, 2)])
def test_everybody_has_a_place_of_their_own(each: int, workers: int) -> None:
    map = drawn(fleet(each, workers=workers), BUSY)
    assert [len(box(map, app).chips) for app in APPS] == [each + workers] * 4
    assert apart(map.boxes)
    for one in map.boxes:
        assert apart(one.chips)
        for chip in one.chips:
            assert one.x < chip.x
            assert chip.x + 94 < one.x + one.width
            assert one.y < chip.y
            assert chip.y + 38 < one.bottom
        assert one.bottom <= map.height


def test_words_of_two_ways_do_not_meet() -> None:
    places = [(each.x, each.y) for each in drawn(fleet(1), BUSY).arrows if each.words]
    for (x, y), (x2, y2) in combinations(places, 2):
        assert x != x2 or abs(y - y2) >= 30


def test_who_is_not_well_is_marked_by_a_word() -> None:
    map = drawn(fleet(2, payment="draining", invoice="lapsed"), {})
    assert [chip.mark for chip in box(map, "payment").chips] == ["drained", "drained"]
    assert [chip.mark for chip in box(map, "invoice").chips] == ["silent", "silent"]
    assert box(map, "payment").about == "0 of 2 instances up"


def test_whom_calls_leave_alone_is_marked_too() -> None:
    world = fleet(1)
    [product, payment] = world.seen.instances[2:4]
    caller = replace(payment, resting=(product.id, f"{product.id} reserve"))
    instances = tuple(caller if each is payment else each for each in world.seen.instances)
    world = replace(world, seen=replace(world.seen, instances=instances))
    assert world.avoided == {product.id: 1}
    assert [chip.mark for chip in box(drawn(world, {}), "product").chips] == ["avoided"]


def test_ways_without_traffic_are_idle_and_calls_that_fail_say_so() -> None:
    map = drawn(fleet(1), {edge("gateway", "product"): SOME})
    words = {each.words for each in map.arrows}
    assert words == {"idle", "1.5/s · p50 4.0 ms · p99 200 ms"}
    assert [(each.failed, each.is_failing) for each in map.arrows if each.failed] == [
        ("1 (1%) failed", False)
    ]
    broken = drawn(fleet(1), {edge("gateway", "product"): replace(SOME, failed=45)})
    assert [each.failed for each in broken.arrows if each.is_failing] == ["45 (50%) failed"]


@pytest.mark.parametrize(
    ("a_second", "words"),
    [(0, "0/s"), (42.4, "42/s"), (1.25, "1.2/s"), (0.05, "3.0/min"), (1 / 3600, "1.0/h")],
)
def test_rates_are_read_at_a_glance(a_second: float, words: str) -> None:
    assert wording.rate(a_second) == words


def test_an_app_at_home_is_drawn_as_such() -> None:
    map = drawn(fleet(0), {})
    assert box(map, "receipt").about == "served by home"
    assert box(map, "receipt").is_away
    assert box(map, "home").about == "1 instance · serves every app"
