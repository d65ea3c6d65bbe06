"""drain, enable and status, as an operator types them; and ``lb://`` for code of one's own."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from extract.registry import Instance, NoInstance, RedisRegistry, Signed, View, process, resolve
from extract.registry import drain as draining
from extract.registry.models import Drained
from extract.registry.overview import _without_password, database
from extract.trust import RoleKeys
from shop.routes import APP_LABELS
from tests.redis_server import RedisServer
from tests.registry.scene import Doorbells, announce, eventually, instance, trust_of

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def registry(redis: RedisServer, settings: Any) -> Iterator[RedisRegistry]:
    settings.REDIS_URL = redis.url
    registry = RedisRegistry(redis.url)
    yield registry
    registry.close()


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def said(*words: str) -> str:
        call_command("extract", *words)
        return capsys.readouterr().out

    return said


def register(registry: RedisRegistry, settings: Any, *instances: Instance) -> None:
    """With the keys that this installation has, so that commands believe them."""
    for each in instances:
        keys = RoleKeys(each.role, settings.EXTRACT_ROLE_SECRETS[each.role])
        registry.announce(each.id, Signed.of(each, keys))


def rows() -> set[str]:
    return set(Drained.objects.values_list("instance", flat=True))


def test_drain_and_enable(registry: RedisRegistry, settings: Any, said: Callable[..., str]) -> None:
    register(registry, settings, instance("one"), instance("two"))
    assert said("drain", "one") == "product/one is drained.\n"
    assert said("drain", "product/one") == "product/one was drained before.\n"
    assert said("drain", "product/two") == "product/two is drained.\n"
    assert (rows(), registry.drained()) == ({"one", "two"}, {"one", "two"})
    assert said("enable", "two") == "two is enabled.\n"
    assert said("enable", "two") == "product/two was not drained.\n"
    assert (rows(), registry.drained()) == ({"one"}, {"one"})
    assert Drained.objects.get().by


@pytest.mark.parametrize("verb", ["drain", "enable"])
@pytest.mark.parametrize("given", ["three", "payment/one", "product"])
def test_who_is_unknown_is_named_with_those_who_are_known(
    registry: RedisRegistry, settings: Any, verb: str, given: str
) -> None:
    register(registry, settings, instance("one"), instance("two", "payment"))
    with pytest.raises(CommandError, match=f"no instance {given}; .*payment/two, product/one"):
        call_command("extract", verb, given)
    assert rows() == set()


def test_without_the_registry_the_decision_is_kept_for_later(
    registry: RedisRegistry, redis: RedisServer, said: Callable[..., str]
) -> None:
    redis.stop()
    assert "product/one is drained. It takes effect when the registry is back" in said(
        "drain", "product/one"
    )
    assert "other was not drained. It takes effect" in said("enable", "other")
    redis.start()
    assert registry.drained() is None
    draining.repeat(registry)
    assert registry.drained() == {"one"}


@pytest.mark.parametrize("verb", ["drain", "enable"])
def test_the_monolith_has_nothing_to_drain(verb: str) -> None:
    with pytest.raises(CommandError, match="Everything runs in one process"):
        call_command("extract", verb, "one")


class TestRepeating:
    def test_after_a_flush_the_rows_are_told_again(
        self, registry: RedisRegistry, redis: RedisServer
    ) -> None:
        draining.repeat(registry)
        assert registry.drained() == frozenset()
        draining.drain("one", by="me")
        draining.repeat(registry)
        redis.flush()
        assert registry.drained() is None
        draining.repeat(registry)
        assert registry.drained() == {"one"}

    def test_one_that_does_not_change_anything_tells_nobody(self, registry: RedisRegistry) -> None:
        draining.drain("one", by="me")
        draining.repeat(registry)
        registry.look()
        registry.wait(0.01)
        draining.repeat(registry)
        assert registry.wait(0.05) is False

    def test_rows_of_instances_long_away_are_forgotten(
        self, registry: RedisRegistry, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(draining, "_looked", float("-inf"))
        register(registry, settings, instance("here"))
        for name in ("here", "away", "away-since-just-now"):
            draining.drain(name, by="me")
        long_ago = dt.timedelta(hours=1, minutes=1)
        for row in Drained.objects.filter(instance__in=["here", "away"]):
            row.seen -= long_ago
            row.save()
        draining.repeat(registry)
        assert rows() == {"here", "away-since-just-now"}
        draining.repeat(registry)
        assert registry.drained() == {"here", "away-since-just-now"}


class TestStatus:
    def test_the_monolith(self, said: Callable[..., str]) -> None:
        assert "Everything runs in one process" in said("status")
        seen = json.loads(said("status", "--json"))
        assert {app["placement"] for app in seen["apps"].values()} == {"home"}
        assert list(seen["apps"]) == list(APP_LABELS)
        assert seen["instances"] == []
        assert seen["registry"] == {"url": "", "reachable": False}

    def test_the_registry_is_away(
        self, registry: RedisRegistry, redis: RedisServer, said: Callable[..., str]
    ) -> None:
        redis.stop()
        assert "does not answer" in said("status")
        seen = json.loads(said("status", "--json"))
        assert {app["placement"] for app in seen["apps"].values()} == {"unknown"}
        assert seen["registry"] == {"url": redis.url, "reachable": False}

    def test_who_holds_a_lease_and_refuses_is_shown_and_who_does_not_is_not(
        self,
        registry: RedisRegistry,
        redis: RedisServer,
        settings: Any,
        said: Callable[..., str],
    ) -> None:
        short = RedisRegistry(redis.url, lease=0.01)
        register(short, settings, instance("lapsed"))
        short.close()
        eventually(lambda: registry.look().records[0].lapsed)
        register(registry, settings, instance("leased"))
        seen = json.loads(said("status", "--json"))
        assert [(each["id"], each["health"]) for each in seen["instances"]] == [
            ("leased", "refusing")
        ]
        assert seen["instances"][0]["load"] is None
        assert "refusing" in said("status")

    def test_registrations_of_strangers_are_counted(
        self, registry: RedisRegistry, said: Callable[..., str]
    ) -> None:
        announce(registry, instance("stranger"))
        assert "1 registrations are not signed by keys that are known here" in said("status")
        seen = json.loads(said("status", "--json"))
        assert seen["instances"] == []
        assert seen["apps"]["product"]["placement"] == "none"

    def test_no_password_is_shown(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        assert _without_password("redis://:secret@host:1/0") == "redis://host:1/0"
        assert _without_password("rediss://me:secret@host/0") == "rediss://me@host/0"
        assert _without_password("unix:///run/redis.sock") == "unix:///run/redis.sock"
        product = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "shop",
            "USER": "me",
            "PASSWORD": "secret",
            "HOST": "db",
            "PORT": 5433,
            "OPTIONS": {"options": "-c x=1 -c search_path=product"},
        }
        monkeypatch.setitem(settings.DATABASES, "product", product)
        monkeypatch.setitem(settings.DATABASES, "payment", {})
        assert database("product") == "postgresql://me@db:5433/shop?schema=product"
        assert database("payment") == "not opened by this process"


class TestResolving:
    def test_the_monolith_is_everything(self, settings: Any) -> None:
        settings.BASE_URL = "http://127.0.0.1:8123"
        assert resolve("lb://product/api/products/?page=2") == (
            "http://127.0.0.1:8123/api/products/?page=2"
        )
        assert resolve("https://example.com/") == "https://example.com/"

    def test_instances_take_turns_by_weight(
        self, registry: RedisRegistry, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        view = View(RedisRegistry(redis.url), trust_of(), confirm=Doorbells(), come_home=())
        monkeypatch.setattr(process, "_view", view)
        view.start()
        with pytest.raises(NoInstance, match="product"):
            resolve("lb://product/x")
        light, heavy = instance("light", weight=0), instance("heavy")
        announce(registry, light)
        eventually(lambda: view.serving("product"))
        assert resolve("lb://product/x") == f"http://{light.address}/x"
        announce(registry, heavy)
        eventually(lambda: len(view.serving("product")) == 2)
        assert {resolve("lb://product/x") for _ in range(50)} == {f"http://{heavy.address}/x"}
        view.stop()
