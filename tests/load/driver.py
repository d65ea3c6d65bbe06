"""Open loop: visits begin when they are due, however the shop is doing."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from tests.load.log import Log, LoggedTransport
from tests.load.visits import Unserved, Visitor
from tests.scenarios.shop import Shop

CLIENTS = 64


class Mix(msgspec.Struct, frozen=True, kw_only=True):
    """Visits a second (Poisson), and the shares of those that fill a cart, buy, or sign in by HTTP
    Basic."""

    rate: float = 6.0
    fill: float = 0.15
    buy: float = 0.25
    signed_in: float = 0.3


USUAL = Mix()


def drive(
    base_url: str,
    skus: Sequence[str],
    *,
    seconds: float,
    seed: int,
    mix: Mix = USUAL,
    disturb: Callable[[threading.Event], None] | None = None,
    until_done: bool = False,
) -> Log:
    """Visit the shop for ``seconds`` while ``disturb(over)`` runs; wait for both to end.

    ``disturb`` gets an event that is set once no more visits begin. What it raises is raised.
    ``until_done``: no more visits begin either once it has ended.
    """
    dice, log, over = random.Random(seed), Log(), threading.Event()
    with ThreadPoolExecutor(CLIENTS) as clients, ThreadPoolExecutor(1) as beside:
        disturbing = beside.submit(disturb, over) if disturb else None
        visits = []
        due = dice.expovariate(mix.rate)
        while due < seconds and not (
            disturbing and disturbing.done() and (until_done or disturbing.exception())
        ):
            time.sleep(max(0.0, log.began + due - time.monotonic()))
            chance, own = dice.random(), random.Random(dice.getrandbits(64))
            kind = (
                "buy" if chance < mix.buy else "fill" if chance < mix.buy + mix.fill else "browse"
            )
            signs_in = own.random() < mix.signed_in
            visits.append(
                clients.submit(_visit, base_url, skus, kind, own, log, due, signs_in=signs_in)
            )
            due += dice.expovariate(mix.rate)
        for visit in visits:
            visit.result()
        over.set()
        if disturbing:
            disturbing.result()
    return log


def _visit(
    base_url: str,
    skus: Sequence[str],
    kind: str,
    dice: random.Random,
    log: Log,
    due: float,
    *,
    signs_in: bool,
) -> None:
    log.late.append(time.monotonic() - log.began - due)
    transport = LoggedTransport(base_url, log)
    try:
        visitor = Visitor(Shop(transport), log, dice, skus, signs_in=signs_in)
        getattr(visitor, kind)()
    except Unserved:
        pass  # the request that failed is in the log
    finally:
        transport.close()
