"""``python -m tests.load.traces [--purchases 1000] [--instances 5] [--seed N]``

A fleet on PostgreSQL with an instance that raises, one that is slow, two that are killed and a mail
server that refuses: is each purchase found by its id, with all that happened to it, and does the
trace name who is to blame? Exit 1 if not.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests import components
from tests.apps.receipt.mailserver import MailServer
from tests.fleets import Fleet
from tests.load.books import Books
from tests.load.planted.faults import plant
from tests.load.purchases import buy_on
from tests.load.traced import Report, Traced
from tests.postgres import Cluster
from tests.redis_server import RedisServer

SETTINGS = "tests.load.planted.settings"


@contextmanager
def fleet_at(mails: MailServer, *size: str, **env: str) -> Iterator[Fleet]:
    """A fleet on PostgreSQL that faults can be planted in."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="shop-load-")))
        cluster = Cluster(components.needed("PostgreSQL", components.postgresql()))
        stack.callback(cluster.stop)
        redis = RedisServer(components.redis_server())
        stack.callback(redis.remove)
        threading.Thread(target=mails.serve_forever, args=(0.01,), daemon=True).start()
        stack.callback(mails.shutdown)
        env |= {
            "DATABASE_URL": cluster.create(),
            "REDIS_URL": redis.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{mails.server_address[1]}",
            "THROTTLE": "off",
            "DJANGO_SETTINGS_MODULE": SETTINGS,
        }
        fleet = Fleet(directory, env)
        stack.callback(fleet.stop)
        fleet.start(*size)
        yield fleet


class Faults:
    """What is done to the fleet, by how many of ``count`` purchases have ended."""

    def __init__(self, fleet: Fleet, mails: MailServer, count: int) -> None:
        self._fleet, self._mails = fleet, mails
        self._invoice = sorted(fleet.instances("invoice"))
        self.raising, self.slow = self._invoice[:2]
        self.killed: list[str] = []
        self._due: list[tuple[int, Any]] = [
            (count * 1 // 10, lambda: plant(fleet.data_dir, raises=self.raising)),
            (count * 3 // 10, lambda: plant(fleet.data_dir, slow=self.slow)),
            (count * 5 // 10, lambda: plant(fleet.data_dir)),
            (count * 5 // 10, lambda: mails.answers.update(RCPT="451 not now")),
            (count * 6 // 10, self._kill),
            (count * 7 // 10, mails.answers.clear),
            (count * 8 // 10, self._kill),
        ]

    def at(self, done: int) -> None:
        while self._due and done >= self._due[0][0]:
            self._due.pop(0)[1]()

    def _kill(self) -> None:
        id, pid = min(self._fleet.instances("payment").items())
        self.killed.append(id)
        os.kill(pid, signal.SIGKILL)


def run(count: int, instances: int, seed: int) -> bool:
    """Whether all held."""
    size = [f"{app}={instances}" for app in ("payment", "receipt", "invoice")]
    with MailServer() as mails, fleet_at(mails, "home=1", "identity=1", *size) as fleet:
        books = Books(fleet)
        skus, faults = books.stock_up(), Faults(fleet, mails, count)
        began = time.monotonic()
        purchases = buy_on(fleet.base_url, skus, count=count, seed=seed, between=faults.at)
        bought = time.monotonic() - began
        settled = books.settle()
        report = Report(faults.raising, faults.slow, faults.killed)
        traced = Traced(fleet, books)
        for purchase in purchases:
            report.judge(purchase, traced)
    print(
        f"traces: seed {seed}, {3 * instances} instances of payment, receipt and invoice; "
        f"n = {count} purchases in {bought:.0f} s, settled after {settled:.1f} s",
        *report.lines(),
        sep="\n",
        flush=True,
    )
    return report.holds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.traces", description=__doc__)
    parser.add_argument("--purchases", type=int, default=1000)
    parser.add_argument("--instances", type=int, default=5, help="of each app")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    sys.exit(0 if run(options.purchases, options.instances, options.seed) else 1)


if __name__ == "__main__":
    main()
