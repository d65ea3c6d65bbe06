"""One soak: publishes, makes trouble, waits until all is handled, and judges."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connections

from tests.soak import verdict
from tests.soak.crew import Crew
from tests.soak.plan import Plan
from tests.soak.publishing import Publisher
from tests.soak.trouble import Trouble

TICK = 0.05
LOOK_EVERY = 0.5
TOLD_EVERY = 10.0
SHOWN = 20


class Soak:
    """``crash`` ends the broker at once, ``start`` brings it back; ``flush`` empties Redis."""

    def __init__(
        self,
        plan: Plan,
        seed: int,
        *,
        crash: Callable[[], None],
        start: Callable[[], None],
        flush: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._seed = seed
        self._crew = Crew(_logs())
        self._publisher = Publisher(plan, random.Random(f"{seed} publishing"))
        dice = random.Random(f"{seed} trouble")
        self._trouble = Trouble(plan, self._crew, dice, crash=crash, start=start, flush=flush)
        self._handled = 0
        self._looked_at = self._moved_at = self._told_at = self._began = time.monotonic()

    def run(self) -> bool:
        """Whether everything held; says so."""
        try:
            self._crew.tend()
            self._publisher.start()
            self._publish_under_fire()
            self._settle()
        finally:
            self._crew.end()
        return self._judge()

    def _publish_under_fire(self) -> None:
        try:
            while self._publisher.is_alive() and not self._is_enough() and not self._is_stuck():
                if self._handled:
                    published = self._publisher.total / self._plan.events
                    self._trouble.tend(published, self._handled)
                self._tick()
        finally:
            self._trouble.end()
            self._publisher.stop()

    def _is_enough(self) -> bool:
        return self._publisher.total >= self._plan.events and self._trouble.is_complete

    def _settle(self) -> None:
        while verdict.under_way() and not self._is_stuck():
            self._tick()
        until = time.monotonic() + self._plan.linger
        while time.monotonic() < until:
            self._tick()

    def _tick(self) -> None:
        self._crew.tend()
        now = time.monotonic()
        if now - self._looked_at > LOOK_EVERY:
            self._looked_at, before = now, self._handled
            self._handled = verdict.handled()
            if self._handled > before:
                self._moved_at = now
        if now - self._told_at > TOLD_EVERY:
            self._told_at = now
            self._tell()
        time.sleep(TICK)

    def _is_stuck(self) -> bool:
        return time.monotonic() - self._moved_at > self._plan.patience

    def _tell(self) -> None:
        done = ", ".join(f"{kind} {count}" for kind, count in sorted(self._trouble.done.items()))
        _say(
            f"  {time.monotonic() - self._began:4.0f} s: {self._publisher.total} published, "
            f"{self._publisher.rolled_back} rolled back, {self._handled} handled; {done}"
        )

    def _judge(self) -> bool:
        self._tell()
        _say(f"  {verdict.costs()}")
        wrong = list(verdict.findings(self._publisher.committed))
        if not self._trouble.is_complete:
            wrong.append("not everything went wrong that can")
        for line in wrong[:SHOWN]:
            _say(f"  WRONG {line}")
        connections.close_all()
        if wrong:
            _say(f"  BROKEN in {len(wrong)} ways; seed {self._seed}, n = {self._publisher.total}")
        else:
            _say(
                f"  holds: 0 lost, 0 doubled, all in order, the audit is clean; "
                f"seed {self._seed}, n = {self._publisher.total}"
            )
        return not wrong


def _logs() -> Path:
    logs: Path = settings.DATA_DIR / "logs"
    logs.mkdir(exist_ok=True)
    return logs


def _say(line: str) -> None:
    print(line, flush=True)
