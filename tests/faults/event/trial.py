"""One event, one death, those who go on; and what must be true then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from apps.product.models import Category
from extract.event.models import InboxEvent, OutboxEvent
from tests.emptying import empty_databases
from tests.extract.event.scene import PUBLISHER, SUBSCRIBER, inbox, outbox, recorded
from tests.faults.event.journey import QUEUE, SECOND_STEP, THING
from tests.faults.event.points import PUT
from tests.redis_server import RedisServer

LOST, REPEATED, UNFOUNDED = "lost", "took effect again", "took effect without its change"
NOT_CONFIRMED, TOO_SOON = "not confirmed", "confirmed before it was recorded"
TWICE = "handed over more than once"
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Life:
    """How a process ended (its exit code, or minus a signal), and what it had done by then."""

    end: int
    done: list[str]

    @property
    def is_committed(self) -> bool:
        """Whether the change that the event tells of was."""
        return f"publish: {PUBLISHER} COMMIT" in self.done

    @property
    def is_unsure(self) -> bool:
        """Whether it ran the second step, and did not come to write so down."""
        step = f"consume: {SECOND_STEP}"
        after = self.done[self.done.index(step) :] if step in self.done else []
        return bool(after) and f"consume: {SUBSCRIBER} COMMIT" not in after


class Trial:
    """Has processes forked from one that is loaded; the databases and the broker are the same."""

    def __init__(self, broker: RedisServer, directory: Path) -> None:
        self._broker = broker
        self._journal, self._said = directory / "journal", directory / "said"
        self._order: dict[tuple[str, ...], list[str]] = {}
        environment = {
            "CELERY_BROKER_URL": broker.url,
            "CELERY_SKIP_CHECKS": "1",
            # Nothing is renewed, however slow the machine: the statements are always the same.
            "EXTRACT_RELAY_LEASE": "600",
        }
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.event.nursery"],
            cwd=ROOT, env={**os.environ, **environment}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said.open("w"),
        )  # fmt: skip

    def stop(self) -> None:
        assert self._nursery.stdin
        self._nursery.stdin.close()
        self._nursery.wait(10)

    def live(
        self, life: str, *plants: str, die_at: int | None = None, has_rival: bool = False
    ) -> Life:
        """One process from its beginning to its end, with these bugs."""
        self._journal.write_text("")
        order = {"life": life, "die_at": die_at, "plants": plants, "has_rival": has_rival}
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._nursery.stdin.write(json.dumps({**order, "journal": str(self._journal)}) + "\n")
        self._nursery.stdin.flush()
        answer = self._nursery.stdout.readline()
        assert answer.strip() in ("0", f"{-signal.SIGKILL}"), self._said.read_text()
        return Life(int(answer), self._journal.read_text().splitlines())

    def clear(self) -> None:
        empty_databases()
        self._broker.flush()

    def healthy(self, *plants: str, has_rival: bool = False) -> tuple[Life, list[str]]:
        """Nobody dies. Returns what was done, and the breaches of what is promised."""
        self.clear()
        life = self.live("whole", *plants, has_rival=has_rival)
        handed_over = sum(done.endswith(f"{PUT} {QUEUE}") for done in life.done)
        breaches = self.breaches(life)
        return life, [TWICE, *breaches] if handed_over > 1 else breaches

    def killed(self, moment: int, *plants: str) -> tuple[Life, list[str]]:
        """One dies at ``moment``, another goes on. Returns what the first had done, and the
        breaches of what is promised."""
        self.clear()
        life = self.live("whole", *plants, die_at=moment)
        breaches = self.breaches_at_death()
        successor = self.live("go_on", *plants)
        return life, breaches + self.breaches(life, successor)

    def comes_again(self, *plants: str, after: str) -> list[str]:
        """A worker dies after it did ``after``, another goes on, and no relay sends anything:
        the broker must do so. Returns the breaches."""
        life = self.killed_at(after, *plants, after=True)
        successor = self.live("work_on", *plants)
        breaches = self.breaches(life, successor)
        return [breach for breach in breaches if breach != NOT_CONFIRMED]

    def killed_at(self, what: str, *plants: str, after: bool = False) -> Life:
        """One dies before it does ``what`` first, or after it; nobody goes on."""
        moment = self.moment(what, *plants, after=after)
        self.clear()
        return self.live("whole", *plants, die_at=moment)

    def moment(self, what: str, *plants: str, after: bool = False) -> int:
        """Before ``what`` is done first, or after it."""
        if plants not in self._order:
            self._order[plants] = self.healthy(*plants)[0].done
        return self._order[plants].index(what) + after

    def breaches_at_death(self) -> list[str]:
        """What is promised of every moment."""
        arrived = {row.event_id for row in inbox() if row.recorded_at}
        confirmed = {row.event_id for row in outbox() if row.state == OutboxEvent.State.DONE}
        return [TOO_SOON] if confirmed - arrived else []

    def breaches(self, *lives: Life) -> list[str]:
        """What is promised of the end, after these lives."""
        times = Category.objects.filter(name=THING).count()
        effects = len(recorded(THING))
        second_steps = sum(done.endswith(SECOND_STEP) for life in lives for done in life.done)
        is_unsure = any(life.is_unsure for life in lives)
        is_breached = {
            "a change is not what was committed": times != lives[0].is_committed,
            LOST: effects < times,
            REPEATED: effects > 1,
            UNFOUNDED: effects > times,
            "the second step was lost": second_steps < times,
            "the second step was repeated": second_steps > times + is_unsure,
            NOT_CONFIRMED: states(outbox()) != [OutboxEvent.State.DONE] * times,
            "not handled": states(inbox()) != [InboxEvent.State.DONE] * times,
            "there are messages left": self.messages() > 0,
        }
        return [breach for breach, is_so in is_breached.items() if is_so]

    def messages(self) -> int:
        """How many the broker has, waiting or taken."""
        with self._broker.client() as client:
            return int(client.llen(QUEUE)) + int(client.hlen("unacked"))


def states(rows: list[OutboxEvent] | list[InboxEvent]) -> list[str]:
    return [row.state for row in rows]
