"""What a process knows of the others while leases lapse, and the registry is flushed or away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from extract.registry import Registry, View, membership
from extract.registry.confirm import NotConfirmed, NotThere
from tests.registry.scene import (
    Backing,
    Doorbells,
    announce,
    eventually,
    instance,
    is_lapsed,
    known,
    serving,
    trust_of,
)

Connect = Callable[..., Registry]
Watch = Callable[..., View]


def test_leases_that_all_lapse_make_nobody_gone(connect: Connect, watch: Watch) -> None:
    registry, view = connect(lease=0.1), watch()
    announce(registry, instance("one"), instance("two"), instance("home", "home"))
    eventually(lambda: is_lapsed(view, "one", "two", "home"))
    assert serving(view) == {"one", "two"}
    assert serving(view, "payment") == {"home"}


def test_who_lapsed_and_is_not_there_is_gone_without_a_call(
    connect: Connect, watch: Watch, doorbells: Doorbells, soon: None
) -> None:
    registry, view = connect(lease=0.1), watch()
    announce(registry, instance("one"), instance("home", "home"))
    eventually(lambda: is_lapsed(view, "one"))
    doorbells.failing["one"] = NotConfirmed("no answer in time")
    asked = doorbells.asked.count("one")
    eventually(lambda: doorbells.asked.count("one") > asked + 2)
    assert serving(view) == {"one"}, "who is silent may be overloaded"
    doorbells.failing["one"] = NotThere("nobody listens")
    eventually(lambda: serving(view) == {"home"})
    del doorbells.failing["one"]
    eventually(lambda: serving(view) == {"one"})


def test_who_lapsed_and_refused_is_gone_until_it_announces_again(
    connect: Connect, watch: Watch, doorbells: Doorbells
) -> None:
    registry, view = connect(lease=0.1), watch()
    one = instance("one")
    announce(registry, one)
    eventually(lambda: is_lapsed(view, "one"))
    doorbells.failing["one"] = NotThere("nobody listens")
    view.refused("one")
    assert serving(view) == set()
    announce(connect(), one)
    eventually(lambda: serving(view) == {"one"} and not view.known()[0].refused)


def test_a_refusal_alone_makes_nobody_gone(registry: Registry, watch: Watch) -> None:
    view = watch()
    announce(registry, instance("one"))
    eventually(lambda: serving(view))
    view.refused("one")
    assert serving(view) == {"one"}
    assert view.known()[0].refused
    view.answered("one")
    assert not view.known()[0].refused


@pytest.mark.usefixtures("soon")
def test_a_flush_loses_nobody_and_enables_nobody(
    backing: Backing, registry: Registry, watch: Watch
) -> None:
    view = watch()
    both = (instance("one"), instance("two"))
    announce(registry, *both)
    registry.set_drained(["two"])
    eventually(lambda: len(view.known()) == 2 and serving(view) == {"one"})
    backing.flush()
    eventually(lambda: is_lapsed(view, "one", "two"))
    assert serving(view) == {"one"}
    announce(registry, *both)
    eventually(lambda: not any(each.lapsed for each in view.known()))
    assert serving(view) == {"one"}
    registry.set_drained([])
    eventually(lambda: serving(view) == {"one", "two"})


@pytest.mark.usefixtures("soon")
def test_without_the_registry_the_last_known_list_holds(
    backing: Backing, registry: Registry, watch: Watch, doorbells: Doorbells
) -> None:
    with capture_logs() as logs:
        view = watch()
        one, two, home = instance("one"), instance("two"), instance("home", "home")
        announce(registry, one, two, home)
        eventually(lambda: len(view.known()) == 3)
        backing.stop()
        eventually(lambda: is_lapsed(view, "one", "two", "home"))
        assert serving(view) == {"one", "two"}
        doorbells.failing["one"] = NotThere("nobody listens")
        eventually(lambda: serving(view) == {"two"})
        backing.start()
        announce(registry, two, instance("three"), home)
        eventually(lambda: serving(view) == {"two", "three"})
        eventually(lambda: not is_lapsed(view, "two"))
    said = [log["event"] for log in logs if log["event"] in ("registry.down", "registry.back")]
    assert said == ["registry.down", "registry.back"]


@pytest.mark.usefixtures("soon")
def test_who_is_gone_and_listed_no_more_is_forgotten(
    backing: Backing,
    registry: Registry,
    watch: Watch,
    doorbells: Doorbells,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(membership, "FORGET_AFTER", 0.1)
    view = watch()
    announce(registry, instance("one"), instance("two"))
    eventually(lambda: len(view.known()) == 2)
    doorbells.failing["one"] = NotThere("nobody listens")
    backing.flush()
    eventually(lambda: known(view, "one") is None)
    assert serving(view) == {"two"}


@pytest.mark.usefixtures("soon")
def test_who_is_silent_for_several_terms_is_gone_once_two_lookers_say_so(
    connect: Connect, watch: Watch, doorbells: Doorbells
) -> None:
    others_bells = Doorbells()
    first = watch(trust=trust_of("home", "first"), silent_for=0.2)
    second = watch(trust=trust_of("home", "second"), silent_for=0.2, confirm=others_bells)
    announce(connect(lease=0.1), instance("one"), instance("home", "home"))
    eventually(lambda: is_lapsed(first, "one") and is_lapsed(second, "one"))
    doorbells.failing["one"] = NotConfirmed("no answer in time")
    eventually(lambda: "one" in first.doubted()[1])
    asked = others_bells.asked.count("one")
    eventually(lambda: others_bells.asked.count("one") > asked + 5)
    assert serving(first) == serving(second) == {"one"}, "one looker alone may be cut off itself"
    others_bells.failing["one"] = NotConfirmed("no answer in time")
    eventually(lambda: serving(first) == serving(second) == {"home"})


@pytest.mark.usefixtures("soon")
def test_who_vanished_is_back_with_its_next_announcement(
    connect: Connect, watch: Watch, doorbells: Doorbells
) -> None:
    one = instance("one")
    views = [watch(trust=trust_of("home", id), silent_for=0.2) for id in ("first", "second")]
    announce(connect(lease=0.1), one, instance("home", "home"))
    eventually(lambda: all(is_lapsed(view, "one") for view in views))
    doorbells.failing["one"] = NotConfirmed("no answer in time")
    eventually(lambda: all(serving(view) == {"home"} for view in views))
    announce(connect(lease=60), one)
    eventually(lambda: all(serving(view) == {"one"} for view in views))


@pytest.mark.usefixtures("soon")
def test_nobody_vanishes_while_the_registry_is_not_well(
    backing: Backing, connect: Connect, watch: Watch, doorbells: Doorbells
) -> None:
    views = [watch(trust=trust_of("home", id), silent_for=0.2) for id in ("first", "second")]
    announce(connect(), instance("one"), instance("home", "home"))
    eventually(lambda: all(serving(view) == {"one"} for view in views))
    backing.stop()
    doorbells.failing["one"] = NotConfirmed("no answer in time")
    eventually(lambda: all(is_lapsed(view, "one") for view in views))
    asked = doorbells.asked.count("one")
    eventually(lambda: doorbells.asked.count("one") > asked + 20)
    assert not any(view.doubted()[1] for view in views)
    assert all(serving(view) == {"one"} for view in views)
