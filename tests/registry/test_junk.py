"""Whatever somebody writes into Redis: it is ignored and said once, and keeps nobody else out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis
from structlog.testing import capture_logs

from extract.registry import RegistryDown, View
from extract.registry.redis import RedisRegistry
from tests.redis_server import RedisServer
from tests.registry.scene import announce, eventually, instance, serving

RECORDS = "{shop}:records"
JUNK: list[str | bytes] = [
    "junk",
    "",
    "null",
    "[]",
    "{}",
    b"\xff\xfe\x00",
    '{"payload": 1, "signature": 2}',
    '{"payload": "{}", "signature": ""}',
    '{"payload": "not json", "signature": "!"}',
    '{"payload": "%s", "signature": ""}' % ("[" * 20_000),
    "[" * 200_000,
    "x" * 3_000_000,
]


@pytest.fixture
def backing(redis: RedisServer) -> Any:
    from tests.registry.scene import OnRedis

    return OnRedis(redis)


@pytest.fixture
def client(redis: RedisServer) -> Redis:
    return Redis.from_url(redis.url)


def test_malformed_records_keep_no_other_out(
    registry: RedisRegistry, watch: Callable[..., View], client: Redis
) -> None:
    announce(registry, instance("one"))
    view = watch()
    eventually(lambda: serving(view) == {"one"})
    with capture_logs() as logs:
        for number, junk in enumerate(JUNK):
            client.hset(RECORDS, f"junk-{number}", junk)
        announce(registry, instance("two"))
        eventually(lambda: serving(view) == {"one", "two"})
        announce(registry, instance("three"))
        eventually(lambda: serving(view) == {"one", "two", "three"})
    said = [log["id"] for log in logs if log["event"] == "registry.untrusted_record"]
    assert sorted(said) == sorted(f"junk-{number}" for number in range(len(JUNK)))


@pytest.mark.parametrize("name", ["leases", "records", "withdrawn", "drained", "version"])
def test_keys_of_another_kind_are_made_anew(
    registry: RedisRegistry, watch: Callable[..., View], client: Redis, name: str
) -> None:
    announce(registry, instance("one"))
    view = watch()
    eventually(lambda: serving(view) == {"one"})
    client.delete(f"{{shop}}:{name}")
    client.lpush(f"{{shop}}:{name}", "junk")

    def goes_on() -> bool:
        try:
            announce(registry, instance("two"))
            registry.set_drained([])
            registry.withdraw("nobody")
        except RegistryDown:
            return False
        return "two" in serving(view)

    eventually(goes_on)


def test_a_version_that_is_no_number_is_counted_anew(
    registry: RedisRegistry, client: Redis
) -> None:
    client.set("{shop}:version", "junk")
    announce(registry, instance("one"))
    assert {record.id for record in registry.look().records} == {"one"}
