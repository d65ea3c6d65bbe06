"""A process that hangs longer than its lease, and then goes on, does nothing twice.

Another one on the same databases has taken over meanwhile: what the first still writes is
fenced off.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.clients import Buyer, Client
from tests.faults.conftest import SHORT_LEASES
from tests.faults.served import Served, eventually
from tests.scenarios.shop import Answer
from tests.serving import Server

STOPS_WITHIN = 20
BEFORE_ANYTHING_IS_PUBLISHED = [
    "saga.checkout.reserve.acted",
    "saga.checkout.capture.acted",
    "saga.checkout.invoice.acted",
]
# Here another thread of the stopped process may be inside a transaction, whose locks
# PostgreSQL is told to end and SQLite cannot.
WHILE_OTHER_THREADS_WORK = ["saga.checkout.sell.acted", "relay.sent", "inbox.claimed"]


@pytest.fixture
def other(served: Served) -> Iterator[Served]:
    """A second process on the same databases, not started yet."""
    first = served.server
    where = {"DATABASE_URL": first.env.get("DATABASE_URL", ""), "ALLOWED_HOSTS": ""}
    server = Server(data_dir=first.data_dir, env=where | SHORT_LEASES)
    yield Served(server, is_open=True)
    server.kill()


@pytest.mark.parametrize("point", BEFORE_ANYTHING_IS_PUBLISHED)
def test_whoever_hangs_at(point: str, served: Served, other: Served) -> None:
    buyer, first, answer = hang(point, served, other)
    assert [each.body for each in first.answers] == [answer.body]
    assert first.repeat().body == answer.body
    other.settle()
    buyer.is_charged_once()
    assert buyer.pieces - other.visitor().available("VASE") == 2


@pytest.mark.postgresql
@pytest.mark.parametrize("point", WHILE_OTHER_THREADS_WORK)
def test_whoever_hangs_with_locks_at(point: str, served: Served, other: Served) -> None:
    buyer, first, answer = hang(point, served, other)
    # One whose transaction was ended may only say that it failed.
    first.answers = [each for each in first.answers if each.status < 500]
    assert first.repeat().body == answer.body
    other.settle()
    # The mail of one that hung in the middle of sending may be sent by both.
    buyer.is_charged_once(sendings=2 if point.startswith("inbox.") else 1)
    assert buyer.pieces - other.visitor().available("VASE") == 2


def hang(point: str, served: Served, other: Served) -> tuple[Buyer, Client, Answer]:
    """Buy from a process that stops at ``point``; let the other finish it, then the first go on.

    Returns the buyer, the first process's client, and what the other one answered.
    """
    hanging = served.server.restart(EXTRACT_STOP_AT=point)
    buyer = Buyer(served)
    first = buyer.begin()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(first.try_once)
        try:
            eventually(lambda: is_stopped(hanging.pid), seconds=STOPS_WITHIN)
            other.server.start()
            answer = Client(other, buyer.checkout).repeat()
            assert answer.status == 201
            other.settle()
        finally:
            os.killpg(hanging.pid, signal.SIGCONT)
        waiting.result()
    return buyer, first, answer


def is_stopped(group: int) -> bool:
    """Whether a process of that group is stopped by a signal."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, found = status.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(found) == group and state == "T":
            return True
    return False
