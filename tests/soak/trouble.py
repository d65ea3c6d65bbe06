"""What goes wrong during a soak, by seeded dice."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from tests.fleets import kill
from tests.soak.crew import Crew
from tests.soak.plan import Plan

RELAY, CHILD, PARENT = "relay", "worker child", "worker parent"
BROKER, FLUSH = "broker", "flush of Redis"


class Trouble:
    """``tend`` it often. ``crash`` ends the broker at once, ``start`` brings it back, ``flush``
    empties Redis; ``done`` counts what was done.

    Nothing is killed before something was handled since the last time: on a slow machine, nobody
    would ever get to work.
    """

    def __init__(
        self,
        plan: Plan,
        crew: Crew,
        dice: random.Random,
        *,
        crash: Callable[[], None],
        start: Callable[[], None],
        flush: Callable[[], None],
    ) -> None:
        self.done: Counter[str] = Counter()
        self._plan = plan
        self._crew = crew
        self._dice = dice
        self._crash, self._start, self._flush = crash, start, flush
        self._kinds: list[str] = []
        self._kill_at = self._broker_at = 0.0
        self._before_kill = self._before_crash = 0
        self._beside = ThreadPoolExecutor(1)
        self._restart: Future[None] | None = None

    def tend(self, published: float, handled: int) -> None:
        """Do what is due, now that this share of the events was published and so many handled."""
        now = time.monotonic()
        if not self._kill_at:
            self._kill_at, self._broker_at = self._next_kill(), self._next_crash()
        if now >= self._kill_at and handled > self._before_kill and self._kill():
            self._kill_at, self._before_kill = self._next_kill(), handled
        if self._is_restarting():
            return
        if published >= 0.5 and not self.done[FLUSH]:
            self._flush()
            self.done[FLUSH] += 1
        elif (
            now >= self._broker_at
            and handled > self._before_crash
            and self.done[BROKER] < self._plan.most
        ):
            self._restart = self._beside.submit(self._lose_broker, self._dice.uniform(0.0, 1.0))
            self._before_crash = handled
            self.done[BROKER] += 1

    @property
    def is_complete(self) -> bool:
        """Whether everything that can go wrong has gone wrong."""
        return all(self.done[kind] for kind in (RELAY, CHILD, PARENT, BROKER, FLUSH))

    def end(self) -> None:
        """Let the broker come back."""
        if self._restart is not None:
            self._restart.result()
        self._beside.shutdown()

    def _next_kill(self) -> float:
        return time.monotonic() + self._dice.uniform(*self._plan.kill_every)

    def _next_crash(self) -> float:
        return time.monotonic() + self._plan.broker_every

    def _kill(self) -> bool:
        """Kill one that is at work; False while there is none of the kind whose turn it is."""
        if not self._kinds:
            if self.done[RELAY] == self._plan.most:
                return False
            self._kinds = [RELAY, CHILD, PARENT]
            self._dice.shuffle(self._kinds)
        kind = self._kinds[-1]
        if kind == RELAY:
            self._dice.choice(self._crew.relays).kill()
        else:
            worker = self._dice.choice(self._crew.workers)
            if not (working := worker.children()):
                return False
            if kind == CHILD:
                kill(self._dice.choice(working))
            else:
                worker.kill()
        self.done[self._kinds.pop()] += 1
        return True

    def _lose_broker(self, seconds: float) -> None:
        self._crash()
        time.sleep(seconds)
        self._start()

    def _is_restarting(self) -> bool:
        if self._restart is not None and self._restart.done():
            self._restart.result()
            self._restart = None
            self._broker_at = self._next_crash()
        return self._restart is not None
