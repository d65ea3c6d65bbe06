"""What a process knows of the others, whatever becomes of them and of the registry."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from extract.registry import (
    Instance,
    Registry,
    Signed,
    Tier,
    View,
    watching,
)
from extract.registry.confirm import NotThere
from tests.registry.scene import (
    KEYS,
    Backing,
    Doorbells,
    announce,
    eventually,
    instance,
    serving,
    signed,
)

Connect = Callable[..., Registry]
Watch = Callable[..., View]


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is noticed by looking now and then: all there is was pushed."""
    monkeypatch.setattr(watching, "POLL_EVERY", 60.0)


@pytest.mark.usefixtures("pushed")
def test_who_announces_serves_at_once(registry: Registry, watch: Watch) -> None:
    view = watch()
    announce(registry, instance("one"))
    eventually(lambda: serving(view) == {"one"})
    announce(registry, instance("home", "home"))
    eventually(lambda: serving(view, "payment") == {"home"})
    assert serving(view) == {"one"}
    assert [known.instance.name for known in view.known()] == ["home/home", "product/one"]


@pytest.mark.usefixtures("pushed")
def test_who_withdraws_is_gone_at_once(registry: Registry, watch: Watch) -> None:
    view = watch()
    announce(registry, instance("one"), instance("two"))
    eventually(lambda: serving(view) == {"one", "two"})
    registry.withdraw("one")
    eventually(lambda: serving(view) == {"two"})


@pytest.mark.usefixtures("pushed")
def test_who_is_drained_serves_no_more_until_enabled(registry: Registry, watch: Watch) -> None:
    view = watch()
    announce(registry, instance("one"), instance("two"), instance("home", "home"))
    registry.set_drained(["one"])
    eventually(lambda: serving(view) == {"two"})
    registry.set_drained(["one", "two"])
    eventually(lambda: serving(view) == {"home"})
    registry.set_drained(["two"])
    eventually(lambda: serving(view) == {"one"})


def test_a_record_that_changes_is_taken_over(
    registry: Registry, watch: Watch, doorbells: Doorbells
) -> None:
    view = watch()
    one = instance("one")
    announce(registry, one)
    eventually(lambda: serving(view))
    announce(registry, replace(one, weight=7))
    eventually(lambda: [each.weight for each in view.serving("product")] == [7])
    assert doorbells.asked == ["one"]


class TestProof:
    def test_who_is_not_proven_gets_no_traffic_until_it_is(
        self, registry: Registry, watch: Watch, doorbells: Doorbells, soon: None
    ) -> None:
        doorbells.failing["one"] = NotThere("nobody listens")
        with capture_logs() as logs:
            view = watch()
            announce(registry, instance("one"), instance("two"))
            eventually(lambda: doorbells.asked.count("one") > 3)
            assert serving(view) == {"two"}
        assert [log["event"] for log in logs] == ["registry.unconfirmed"]
        del doorbells.failing["one"]
        eventually(lambda: serving(view) == {"one", "two"})

    def test_one_that_does_not_answer_delays_nobody(self, registry: Registry, watch: Watch) -> None:
        until = threading.Event()

        def ask(instance: Instance) -> None:
            if instance.id.startswith("silent"):
                until.wait(20)

        view = watch(confirm=ask)
        announce(registry, *(instance(f"silent-{n}") for n in range(5)), instance("one"))
        eventually(lambda: serving(view) == {"one"})
        until.set()

    def test_a_new_address_is_asked_anew(
        self, registry: Registry, watch: Watch, doorbells: Doorbells, soon: None
    ) -> None:
        view = watch()
        before = instance("one")
        announce(registry, before)
        eventually(lambda: serving(view))
        doorbells.failing["one"] = NotThere("somebody else")
        moved = replace(before, address="127.0.0.1:9")
        announce(registry, moved)
        eventually(lambda: doorbells.asked.count("one") > 3)
        assert view.serving("product") in ((before,), ())
        del doorbells.failing["one"]
        eventually(lambda: view.serving("product") == (moved,))

    def test_who_is_proven_at_an_address_replaces_who_was_there(
        self, registry: Registry, watch: Watch, doorbells: Doorbells, soon: None
    ) -> None:
        view = watch()
        before = instance("one")
        announce(registry, before)
        eventually(lambda: serving(view) == {"one"})
        announce(registry, instance("two", address=before.address))
        eventually(lambda: serving(view) == {"two"})
        announce(registry, instance("three"))
        eventually(lambda: serving(view) == {"two", "three"})
        assert doorbells.asked.count("one") == 1

    def test_a_record_replayed_after_the_withdrawal_needs_a_living_process(
        self, connect: Connect, watch: Watch, doorbells: Doorbells, soon: None
    ) -> None:
        registry, view = connect(remembered=0.1), watch()
        one = instance("one")
        announce(registry, one)
        eventually(lambda: serving(view))
        registry.withdraw("one")
        eventually(lambda: not view.known())
        doorbells.failing["one"] = NotThere("nobody listens")
        announce(registry, one)
        eventually(lambda: doorbells.asked.count("one") > 3)
        assert view.known() == ()


class TestForgery:
    def test_an_instance_is_believed_for_its_roles_signature_alone(
        self, registry: Registry, watch: Watch
    ) -> None:
        def of(id: str, **fields: Any) -> Signed:
            return signed(instance(id, **fields))

        def by(role: str, record: Signed) -> Signed:
            vouched = base64.b64encode(KEYS[role].sign(record.payload.encode()))
            return replace(record, signature=vouched.decode())

        forged = {
            "by-another-role": by("payment", of("by-another-role")),
            "of-another-text": replace(of("of-another-text"), signature=of("other").signature),
            "of-another-id": of("one"),
            "unsigned": replace(of("unsigned"), signature=""),
            "no-base64": replace(of("no-base64"), signature="***"),
            "no-record": replace(of("no-record"), payload="[]"),
            "of-no-role": replace(
                of("of-no-role"), payload=of("of-no-role").payload.replace("product", "stranger")
            ),
            "of-home-tier": signed(replace(instance("of-home-tier"), tier=Tier.HOME)),
            "../not-an-id": of("../not-an-id"),
            "too-heavy": of("too-heavy", weight=10**9),
        }
        with capture_logs() as logs:
            view = watch()
            for id, record in forged.items():
                registry.announce(id, record)
            announce(registry, instance("honest"))
            eventually(lambda: serving(view))
            announce(registry, instance("another"))
            eventually(lambda: serving(view) == {"honest", "another"})
        complaints = [log["id"] for log in logs if log["event"] == "registry.untrusted_record"]
        assert sorted(complaints) == sorted(forged)


class TestReading:
    def test_what_did_not_change_is_not_chosen_again(
        self, registry: Registry, watch: Watch
    ) -> None:
        view = watch()
        announce(registry, instance("one"))
        eventually(lambda: serving(view))
        version, chosen = view.version, view.serving("product")
        view.answered("one")
        view.answered("nobody")
        view.refused("nobody")
        announce(registry, view.known()[0].instance)
        assert (view.version, view.serving("product")) == (version, chosen)
        assert view.serving("product") is chosen
        view.refused("one")
        assert view.version > version
        version = view.version
        view.refused("one")
        assert view.version == version

    def test_only_home_apps_come_home(self, registry: Registry, watch: Watch) -> None:
        view = watch(come_home={"product"})
        announce(registry, instance("home", "home"))
        eventually(lambda: serving(view) == {"home"})
        assert serving(view, "payment") == set()

    def test_only_compatible_ones_serve(self, registry: Registry, watch: Watch) -> None:
        view = watch()
        announce(registry, instance("old", version="1"), instance("new", version="2"))
        announce(registry, instance("home", "home", version="1"))
        eventually(lambda: len(view.known()) == 3)
        wanted = ["2"]

        def compatible(instance: Instance) -> bool:
            return instance.version in wanted

        def chosen() -> set[str]:
            return {each.id for each in view.serving("product", compatible)}

        assert chosen() == {"new"}
        wanted[:] = ["1"]
        assert chosen() == {"new"}
        view.reconsider()
        assert chosen() == {"old"}
        assert serving(view) == {"old", "new"}

    def test_subscribers_are_told_of_each_change(self, registry: Registry, watch: Watch) -> None:
        view = watch()
        seen: list[set[str]] = []

        def fails() -> None:
            raise RuntimeError("on purpose")

        view.subscribe(fails)
        unsubscribe = view.subscribe(lambda: seen.append(serving(view)))
        announce(registry, instance("one"))
        eventually(lambda: seen == [{"one"}])
        registry.withdraw("one")
        eventually(lambda: seen == [{"one"}, set()])
        unsubscribe()
        announce(registry, instance("two"))
        eventually(lambda: serving(view) == {"two"})
        assert len(seen) == 2

    def test_it_settles_when_everyone_was_asked(
        self, backing: Backing, connect: Connect, watch: Watch, doorbells: Doorbells
    ) -> None:
        announce(connect(), *(instance(f"n{n}") for n in range(20)), instance("absent"))
        doorbells.failing["absent"] = NotThere("nobody listens")
        view = watch()
        assert view.settle(5)
        assert len(view.known()) == 20
        backing.stop()
        assert not watch().settle(0.05)

    def test_a_stopped_view_can_be_read(self, registry: Registry, watch: Watch) -> None:
        view = watch()
        announce(registry, instance("one"))
        eventually(lambda: serving(view))
        view.stop()
        assert serving(view) == {"one"}
