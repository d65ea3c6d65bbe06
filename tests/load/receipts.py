"""Payment does not wait for receipt: checkouts while receipt's workers are stopped, then slow.

``python -m tests.load receipts receipts_at_home availability``: each takes four or so times
``--seconds``.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from extract.registry import RedisRegistry
from tests import components
from tests.apps.receipt.mailserver import MailServer
from tests.fleets import Fleet, wait_until
from tests.load.books import Books
from tests.load.driver import Mix, drive
from tests.load.log import Log
from tests.postgres import Cluster
from tests.redis_server import RedisServer
from tests.scenarios.over_http import HttpTransport

SIZE = ("home=1", "identity=1", "product=1", "payment=2", "invoice=1", "receipt=1")
SLOW = 2.0
"""Seconds that the mail server takes for a mail."""
DRAINS_WITHIN = 1200.0
ALL_BUT_RECEIPT = "product,payment,invoice"


class Scene:
    """A fleet on PostgreSQL whose mails go to ``mails``; checkouts ``rate`` times a second."""

    def __init__(self, fleet: Fleet, redis: RedisServer, mails: MailServer, seed: int) -> None:
        self.fleet, self.redis, self.mails, self.seed = fleet, redis, mails, seed
        self.books = Books(fleet)
        self.skus = self.books.stock_up()
        self.logs: dict[str, Log] = {}

    def buy(self, phase: str, *, seconds: float, rate: float, beside: Any = None) -> Log:
        """An open loop of checkouts for ``seconds``."""
        log = drive(
            self.fleet.base_url, self.skus, seconds=seconds, seed=self.seed + len(self.logs),
            mix=Mix(rate=rate, buy=1.0, fill=0.0), disturb=beside,
        )  # fmt: skip
        self.logs[phase] = log
        p50, p99 = (log.percentile(at, path="/api/checkout/") * 1000 for at in (50, 99))
        print(
            f"  {phase}: n = {len(log.orders)} checkouts, p50 {p50:.0f} ms, p99 {p99:.0f} ms, "
            f"failed {len(log.failures())}, queue {self.depth()}",
            flush=True,
        )
        return log

    def p99(self, phase: str) -> float:
        return self.logs[phase].percentile(99, path="/api/checkout/")

    def depth(self) -> int:
        """Receipt's, as ``status`` says it."""
        return int(self.fleet.status()["apps"]["receipt"]["queue"]["depth"])

    def workers(self, count: int) -> None:
        done = self.fleet.manage("extract", "scale", "receipt-worker", str(count))
        assert done.returncode == 0, done.stderr

    def wrong(self) -> list[str]:
        """What the databases say against the clients, once all is done: [] is right."""
        wait_until(lambda: self.depth() == 0, DRAINS_WITHIN)
        together = Log()
        for log in self.logs.values():
            together.orders |= log.orders
            together.unanswered |= log.unanswered
        return self.books.disagreements(together)


@contextmanager
def scene(seed: int, come_home: str) -> Iterator[Scene]:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="shop-load-")))
        cluster = Cluster(components.needed("PostgreSQL", components.postgresql()))
        stack.callback(cluster.stop)
        redis = RedisServer(components.redis_server())
        stack.callback(redis.remove)
        mails = stack.enter_context(MailServer())
        threading.Thread(target=mails.serve_forever, args=(0.01,), daemon=True).start()
        stack.callback(mails.shutdown)
        env = {
            "DATABASE_URL": cluster.create(),
            "REDIS_URL": redis.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{mails.server_address[1]}",
            "EXTRACT_COME_HOME": come_home,
            "THROTTLE": "off",
            "EXTRACT_BASIC_AUTH": "1",
        }
        fleet = Fleet(directory, env)
        stack.callback(fleet.stop)
        fleet.start(*SIZE)
        yield Scene(fleet, redis, mails, seed)


def stopped_and_slow(*, seconds: float, seed: int, rate: float, come_home: str) -> bool:
    """Two healthy runs around one with stopped and one with slow workers; whether all held."""
    is_welcome = "receipt" in come_home
    home = "comes home" if is_welcome else "may not come home"
    print(f"receipts: seed {seed}, {rate:g} checkouts/s, receipt {home}", flush=True)
    with scene(seed, come_home) as at:
        at.buy("warming up", seconds=10, rate=rate)
        at.buy("healthy", seconds=seconds, rate=rate)
        at.workers(0)
        at.buy("workers stopped", seconds=seconds, rate=rate)
        grown = at.depth()
        at.mails.pause = SLOW
        at.workers(1)
        at.buy(f"{SLOW:g} s a mail", seconds=seconds, rate=rate)
        at.mails.pause = 0.0
        began = time.monotonic()
        wait_until(lambda: at.depth() == 0, DRAINS_WITHIN)
        print(f"  drained after {time.monotonic() - began:.1f} s", flush=True)
        at.buy("healthy again", seconds=seconds, rate=rate)
        wrong = at.wrong()
        mails = len(at.mails.taken)
    failed = sum(len(log.failures()) for log in at.logs.values())
    healthy = max(at.p99("healthy"), at.p99("healthy again"))
    slowest = max(at.p99("workers stopped"), at.p99(f"{SLOW:g} s a mail"))
    orders = sum(len(log.orders) for log in at.logs.values())
    within = "within" if slowest <= healthy else "above"
    print(
        f"  p99 {slowest * 1000:.0f} ms, {within} the {healthy * 1000:.0f} ms of the slower "
        f"healthy run; {orders} orders, {mails} mails, queue grew to {grown}, failed {failed}",
        *(f"\n  DISAGREES {line}" for line in wrong[:20]),
        flush=True,
    )
    return not wrong and not failed and (is_welcome or grown > 0)


def availability(*, seconds: float, seed: int, rate: float) -> bool:
    """Receipt is away a tenth of the time: who calls it synchronously fails as often, who leaves
    it a message does not. The synchronous caller is a double: a checkout that asks receipt."""
    print(
        f"availability: seed {seed}, {rate:g} checkouts/s, receipt up 90 % of the time", flush=True
    )
    with scene(seed, ALL_BUT_RECEIPT) as at:
        ids = [*at.fleet.instances("receipt"), *at.fleet.workers("receipt")]
        asked: list[bool] = []

        def away_a_tenth(over: threading.Event) -> None:
            registry = RedisRegistry(at.redis.url)
            with ExitStack() as stack:
                stack.callback(registry.close)
                asking = threading.Thread(target=_ask_on, args=(at.fleet.base_url, over, asked))
                asking.start()
                stack.callback(asking.join)
                while not over.wait(18):
                    at.books.drain(ids)
                    registry.set_drained(ids)
                    over.wait(2)
                    at.books.drain([])
                    registry.set_drained([])

        log = at.buy("receipt away a tenth", seconds=4 * seconds, rate=rate, beside=away_a_tenth)
        wrong = at.wrong()
    tried = len(log.orders) + len(log.unanswered)
    print(
        f"  through the queue {len(log.orders) / tried:.4f} of n = {tried}; "
        f"called synchronously {sum(asked) / len(asked):.4f} of n = {len(asked)}",
        *(f"\n  DISAGREES {line}" for line in wrong[:20]),
        flush=True,
    )
    return not wrong and not log.unanswered


def _ask_on(base_url: str, over: threading.Event, asked: list[bool]) -> None:
    """What checkouts would do that need receipt's answer: each asks when it is due, and waits a
    quarter of a second for it."""
    dice = random.Random(1)
    with ThreadPoolExecutor(16) as callers:
        answers = []
        while not over.wait(dice.expovariate(5.0)):
            answers.append(callers.submit(_is_answered, base_url))
        asked += [answer.result() for answer in answers]


def _is_answered(base_url: str) -> bool:
    transport = HttpTransport(base_url, timeout=0.25)
    try:
        path = "/api/receipts/00000000-0000-4000-8000-000000000000/"
        return transport.send("GET", path, headers={}, body=b"").status == 404
    except (OSError, HTTPException):
        return False
    finally:
        transport.close()


RECEIPTS: dict[str, Callable[..., bool]] = {
    "receipts": lambda **how: stopped_and_slow(come_home=ALL_BUT_RECEIPT, **how),
    "receipts_at_home": lambda **how: stopped_and_slow(
        come_home=f"{ALL_BUT_RECEIPT},receipt", **how
    ),
    "availability": availability,
}
