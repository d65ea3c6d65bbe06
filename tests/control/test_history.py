"""The figures of the last minute, hour and day: what counts, where it is kept, what it may cost."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.test import override_settings

from extract.observe import history
from extract.observe.histogram import bucket_of, middle_of, quantile
from extract.observe.slots import KEPT, OnRedis, Slot, is_over, slot_at
from extract.trust import GATEWAY
from tests.redis_server import RedisServer

Hop = Callable[..., None]


@pytest.fixture
def on_redis(redis: RedisServer, settings: Any) -> Iterator[RedisServer]:
    settings.REDIS_URL = redis.url
    yield redis
    history._on_redis.clear()


def seen(window: str = "minute") -> dict[str, tuple[int, int]]:
    """How often, and how often failed, by whom and to whom."""
    found = history.traffic(window)
    return {name: (each.count, each.failed) for name, each in found.items()}


@pytest.mark.parametrize("duration", [0, 1_500, 40_000, 3_000_000, 250_000_000, 7_000_000_000])
def test_a_bucket_is_close_to_what_it_holds(duration: int) -> None:
    found = middle_of(bucket_of(duration)) * 1e9
    assert abs(found - duration) <= max(duration / 8, 1_600)


def test_buckets_are_in_order() -> None:
    durations = [int(1.07**n) for n in range(400)]
    buckets = [bucket_of(each) for each in durations]
    assert buckets == sorted(buckets)
    middles = [middle_of(bucket) for bucket in sorted(set(buckets))]
    assert middles == sorted(middles)


def test_quantiles_count_from_the_quickest() -> None:
    counts = {bucket_of(1_000_000): 98, bucket_of(800_000_000): 2}
    assert quantile(counts, 0.5) == pytest.approx(0.001, rel=0.15)
    assert quantile(counts, 0.99) == pytest.approx(0.8, rel=0.15)
    assert quantile({}, 0.5) is None


def test_who_asks_whom_is_counted(hop: Hop, settings: Any) -> None:
    hop("GET product:list", "server", app="product", method="GET")
    hop("GET admin:index", "server", app="admin", method="GET")
    hop("product.reserve", "client", app="product", call="product.reserve", fault=True)
    hop("payment.order-paid to receipt", "consumer", app="receipt")
    hop("mail", "client", app="receipt")
    hop("checkout", "internal", app="payment")
    history.flush()
    mine = f"home/{settings.EXTRACT_INSTANCE}"
    assert seen() == {
        f"{GATEWAY}>product": (1, 0), f"{GATEWAY}>home": (1, 0), "home>product": (1, 1),
        "queue>receipt": (1, 0), mine: (2, 0),
    }  # fmt: skip


def test_what_an_instance_serves_is_its_own(hop: Hop) -> None:
    with override_settings(EXTRACT_ROLE="payment", EXTRACT_INSTANCE="ab12"):
        hop("payment.order", "server", app="payment", call="payment.order")
        hop("product.reserve", "client", app="product", call="product.reserve")
    history.flush()
    assert seen() == {"payment/ab12": (1, 0), "payment>product": (1, 0)}


def test_processes_add_up_in_redis(hop: Hop, on_redis: RedisServer) -> None:
    for _ in range(2):
        hop("product.reserve", "client", app="product", call="product.reserve")
        history.flush(everything=True)
        history._recorder = history._Recorder()
    for window in history.WINDOWS:
        assert seen(window) == {"home>product": (2, 0)}


def test_longer_slots_are_written_less_often(hop: Hop, on_redis: RedisServer) -> None:
    hop("a", "client", app="product", call="a")
    history.flush()
    hop("a", "client", app="product", call="a")
    history.flush()
    assert (seen("minute"), seen("hour")) == ({"home>product": (2, 0)}, {"home>product": (1, 0)})
    history.flush(everything=True)
    assert seen("hour") == {"home>product": (2, 0)}


def test_while_redis_is_away_figures_wait_and_nothing_fails(
    hop: Hop, on_redis: RedisServer
) -> None:
    on_redis.stop()
    hop("product.reserve", "client", app="product", call="a", fault=True, correlation_id="one")
    history.flush()
    hop("product.reserve", "client", app="product", call="a", fault=True, correlation_id="two")
    history.flush()
    with pytest.raises(history.Away):
        history.traffic("minute")
    on_redis.start()
    history.flush(everything=True)
    assert seen("hour") == {"home>product": (2, 2)}
    assert [fault.correlation_id for fault in history.latest_faults()] == ["two", "one"]


def test_what_waits_for_redis_has_a_bound(hop: Hop, on_redis: RedisServer) -> None:
    on_redis.stop()
    recorder = history._recorder
    now = time.time()
    for hours in range(48):
        recorder.noted.append(("home>product", 1, False))
        recorder.take_in(now + 3600 * hours)
        recorder.due(now + 3600 * hours, everything=True)
    assert len(recorder.unsent) <= sum(KEPT.values())


def test_slots_expire(hop: Hop, on_redis: RedisServer) -> None:
    hop("a", "client", app="product", call="a")
    history.flush(everything=True)
    from redis import Redis

    with Redis.from_url(on_redis.url) as redis:
        lives = {int(key.split(b":")[2]): redis.ttl(key) for key in redis.scan_iter("*history*")}
    assert lives.keys() == KEPT.keys()
    assert all(0 < left <= length * KEPT[length] for length, left in lives.items())


def test_a_slot_that_is_over_is_read_once(on_redis: RedisServer) -> None:
    store = OnRedis(on_redis.url)
    old = slot_at(time.time() - 120, 5)
    store.read([old])
    from collections import Counter

    store.add({old: Counter({"home>product|7": 1})}, [])
    assert store.read([old]) == [{}]
    now = slot_at(time.time(), 900)
    store.read([now])
    store.add({now: Counter({"home>product|7": 1})}, [])
    assert store.read([now]) == [{"home>product|7": 1}]
    assert is_over(Slot(5, 0), time.time())


def test_faults_tell_no_more_than_where_and_what_kind(hop: Hop) -> None:
    hop("POST payment:checkout", "server", app="payment", fault=True, correlation_id="request-8")
    history.flush()
    [fault] = history.latest_faults()
    assert (fault.name, fault.error, fault.correlation_id) == (
        "POST payment:checkout", "ValueError", "request-8",
    )  # fmt: skip
    assert "secret" not in repr(fault)


def test_of_many_faults_the_latest_are_kept(hop: Hop, on_redis: RedisServer) -> None:
    for number in range(150):
        hop("mail", "client", app="receipt", fault=True, correlation_id=f"request-{number}")
        if number % 40 == 0:
            history.flush()
    history.flush()
    found = [fault.correlation_id for fault in history.latest_faults()]
    assert len(found) == 100
    assert found[0] == "request-149"


def test_a_fork_begins_with_nothing(hop: Hop) -> None:
    hop("a", "client", app="product", call="a")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with ExitStack() as ending:
            ending.callback(os._exit, 0)
            left = len(history._recorder.noted), history._recorder.is_started
            os.write(writer, repr(left).encode())
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as said:
        assert said.read() == "(0, False)"
