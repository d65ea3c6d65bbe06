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
