"""The shop as a fleet behind its gateway, one instance of each app: any of them may be at home,
with its worker if it has one."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import redis

from extract.queue.places import home_queue, own_queue
from extract.registry import RedisRegistry
from extract.registry.drain import drain, enable, push
from tests.fleets import Fleet, wait_until
from tests.scenarios.doors import wait_for
from tests.scenarios.placements import APPS
from tests.scenarios.served import Served


class FleetPlace(Served):
    """A running fleet. Its apps are moved by what an operator would do: drain and enable."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(fleet.base_url)
        self.fleet = fleet
        self._own = {app: [*fleet.instances(app), *fleet.workers(app)] for app in APPS}
        self._registry = RedisRegistry(fleet.redis_url)
        self._outside: frozenset[str] | None = None

    def move(self, outside: Collection[str], *, patiently: bool = True) -> None:
        """Let the apps ``outside`` be served by their own instances, and home serve the others.

        ``patiently``: wait until the gateway goes there.
        """
        if frozenset(outside) == self._outside:
            return
        for app in APPS:
            for id in self._own[app]:
                if app in outside:
                    enable(id)
                else:
                    drain(id, by="scenarios")
        push(self._registry)
        self._outside = None
        if patiently:
            wait_for(self.base_url, outside)
            self._outside = frozenset(outside)

    @contextmanager
    def standing_still(self, *roles: str) -> Iterator[None]:
        """For the block, the roles' processes do nothing: who asks them anything waits in vain.

        Not in the middle of a transaction: SQLite's lock would keep everybody else waiting.
        """
        self.settle()
        stopped = [pid for role in roles for pid in self.fleet.pids(role)]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)

    def leave(self) -> None:
        """Also lose all messages: what was sent twice as an app moved may lie in the queue that it
        left, and would tell the next scenario of orders that are no more."""
        with redis.Redis.from_url(self.fleet.redis_url) as broker:
            broker.delete(*(queue(app) for app in APPS for queue in (own_queue, home_queue)))
            wait_until(lambda: not broker.exists("unacked"))
        super().leave()

    def close(self) -> None:
        self._registry.close()
