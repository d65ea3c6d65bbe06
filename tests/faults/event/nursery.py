"""A process that has everything loaded and no connection open; it forks a child for each life.

Reads an order (JSON) a line, and answers each with how the child ended.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import django

PATIENCE = 30
"""Seconds after which a child that hangs is ended."""


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    django.setup()
    from kombu.transport.redis import Transport

    from shop.celery import app
    from tests.faults.event import journey, plants  # noqa: F401

    # A worker that ends waits for the broker to answer that there are no messages: a second.
    Transport.brpop_timeout = 0.05
    # Probes would come when they like.
    app.steps["worker"].clear()
    app.loader.import_default_modules()
    app.WorkController(pool="solo", concurrency=1)
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            live(**json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def live(
    life: str, journal: str, die_at: int | None, plants: list[str], has_rival: bool
) -> NoReturn:
    """Be the child. ``life`` names a method of ``Journey``, ``plants`` name bugs."""
    from tests.faults.event.journey import Journey
    from tests.faults.event.plants import PLANTS
    from tests.faults.event.points import Points

    signal.alarm(PATIENCE)
    try:
        points = Points(Path(journal), die_at)
        points.watch_databases()
        points.watch_broker()
        journey = Journey(points)
        if has_rival:
            journey.have_a_rival()
        for plant in plants:
            PLANTS[plant]()
        do: Any = getattr(journey, life)
        do()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
