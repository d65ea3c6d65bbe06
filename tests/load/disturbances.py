"""What is done to a fleet while customers shop. Each runs until ``over`` is set."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from shop.routes import APP_LABELS
from tests.fleets import Fleet
from tests.redis_server import RedisServer

APPS = APP_LABELS
COMES_BACK_WITHIN = 30.0


class Disturbance:
    """Does things to ``fleet``, chosen by ``dice``, and tells what it did in ``done``."""

    def __init__(self, fleet: Fleet, redis: RedisServer, dice: random.Random) -> None:
        self.fleet, self.redis, self.dice = fleet, redis, dice
        self.done: list[str] = []

    # Unplanned

    def kill(self, over: threading.Event, *, every: float = 5.0) -> None:
        """SIGKILL an instance or a worker, every ``every`` seconds; the fleet replaces it."""
        while not over.wait(every):
            app = self.dice.choice((*APPS, "home-worker", "payment-worker", "receipt-worker"))
            role = app.removesuffix("-worker")
            found = (
                self.fleet.pids(role) if app == role else list(self.fleet.workers(role).values())
            )
            if not found:
                continue  # the one that was killed before is not back yet
            pid = self.dice.choice(found)
            for victim in (pid, *children(pid)):
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
            self.done.append(f"killed {app} ({pid})")

    def redis_away(self, over: threading.Event, *, seconds: float = 20.0) -> None:
        """Stop Redis, start it again empty, look who has registered again; flush it too."""
        before = self.instances()
        over.wait(2)
        self.redis.stop()
        self.done.append(f"Redis stopped for {seconds:g} s")
        over.wait(seconds)
        self.redis.start()
        self.done.append(f"all {len(before)} back after {self.until(before):.2f} s")
        over.wait(2)
        self.redis.flush()
        self.done.append(f"flushed; all {len(before)} back after {self.until(before):.2f} s")
        over.wait()

    # Planned

    def planned(self, over: threading.Event) -> None:
        """SIGTERM, drain and enable, scaling, rolling restarts, whole apps stopped and back."""
        for act in self._acts():
            if over.wait(1.0):
                return
            act()

    def _acts(self) -> Iterator[Callable[[], None]]:
        while True:
            acts = [
                self.terminate,
                self.drain_and_enable,
                self.scale,
                self.restart,
                self.bring_home,
            ]
            self.dice.shuffle(acts)
            yield from acts

    def terminate(self) -> None:
        app = self.dice.choice(APPS)
        pid = self.dice.choice(self.fleet.pids(app))
        os.kill(pid, signal.SIGTERM)
        self.done.append(f"asked {app} ({pid}) to stop")
        self._wait(lambda: pid not in self.fleet.pids(app) and len(self.fleet.pids(app)) > 0)

    def drain_and_enable(self) -> None:
        app = self.dice.choice(APPS)
        some = self.dice.sample([i for i in self.instances() if i["app"] == app], 2)
        for instance in some:
            self._manage("drain", instance["id"])
        time.sleep(0.5)
        for instance in some:
            self._manage("enable", instance["id"])

    def scale(self) -> None:
        app = self.dice.choice(APPS)
        before = len(self.fleet.pids(app))
        self._manage("scale", app, str(self.dice.choice([1, before + 1])))
        self._manage("scale", app, str(before))

    def restart(self) -> None:
        self._manage("restart", self.dice.choice(APPS))

    def bring_home(self) -> None:
        app = self.dice.choice(APPS)
        before = len(self.fleet.pids(app))
        self._manage("scale", app, "0")
        self._manage("scale", app, str(before))

    # Looking

    def numbers(self) -> Counter[str]:
        """How many instances and workers of each role there are and work."""
        status = self.fleet.status()
        there = [("", each) for each in status["instances"]]
        there += [("-worker", each) for each in status["workers"]]
        return Counter(f"{each['app']}{what}" for what, each in there if each["health"] == "up")

    def instances(self) -> list[dict[str, Any]]:
        """What ``status --json`` lists."""
        return list(self.fleet.status()["instances"])

    def until(self, expected: list[dict[str, Any]]) -> float:
        """Seconds until all of ``expected`` are in Redis again, by its own word."""
        wanted = {instance["id"] for instance in expected}
        with self.redis.client() as registry:
            return self._wait(lambda: wanted <= set(registry.hkeys("{shop}:records")))

    def _manage(self, *arguments: str) -> None:
        answered = self.fleet.manage("extract", *arguments)
        assert answered.returncode == 0, (arguments, answered.stdout, answered.stderr)
        self.done.append(" ".join(arguments))

    def _wait(self, done: Callable[[], bool]) -> float:
        began = time.monotonic()
        while not done():
            assert time.monotonic() < began + COMES_BACK_WITHIN, self.done
            time.sleep(0.02)
        return time.monotonic() - began


def children(pid: int) -> list[int]:
    """The processes that ``pid`` started."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except FileNotFoundError:
        return []
