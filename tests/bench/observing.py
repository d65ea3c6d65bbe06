"""What it costs to be looked at: lines for every hop, and operators who watch the control page.

Two fleets behind gateways of their own, one of which tells its hops, get the same requests in turn.
"""

from __future__ import annotations

import logging
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path

from extract.observe.lines import KeptLines
from extract.observe.span_lines import HopLines
from extract.trace import Kind, add_sink, remove_sink, span
from tests.bench.measure import Figure, compare, in_turn
from tests.fleets import Fleet
from tests.scenarios.over_http import HttpTransport
from tests.scenarios.shop import Shop

CONNECTIONS, BUYERS, OPERATORS = 8, 4, 5
ROUNDS, SECONDS = 7, 5.0
LINES, STOCK = 3, 10**6
POLL_EVERY = 1.0


def run() -> list[Figure]:
    figures = [_line()]
    with ExitStack() as stack:
        told, silent = _fleet(stack, "1"), _fleet(stack, "0")
        figures.append(_compared("pages a second, every hop told", _pages, told, silent))
        figures.append(_compared("checkouts a second, every hop told", _checkouts, told, silent))
        figures.append(_watched(told))
    return figures


def _line() -> Figure:
    def hop() -> None:
        with span("product.reserve", Kind.CLIENT, app="product", call="product.reserve"):
            pass

    with tempfile.TemporaryDirectory() as directory:
        handler = KeptLines(f"{directory}/lines.jsonl")
        handler.setFormatter(logging.Formatter())
        sink = HopLines("bench", [handler])

        def told() -> None:
            add_sink(sink)
            for _ in range(100):
                hop()
            remove_sink(sink)

        def silent() -> None:
            for _ in range(100):
                hop()

        return compare("100 hops, each a line in a file", told, "100 hops", silent, times=20)


def _fleet(stack: ExitStack, told: str) -> Fleet:
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shop-observing-")))
    directory.chmod(0o700)
    fleet = Fleet(directory, {"EXTRACT_LOG_SPANS": told})
    stack.callback(fleet.stop)
    fleet.start("home=1", "identity=1", "payment=1")
    more = (
        "from apps.product.models import Product\nfrom extract.data import owned\n"
        f"with owned('product'): Product.objects.update(initial={STOCK}, on_hand={STOCK}, "
        "reserved=0, sold=0, restocked=0)"
    )
    assert fleet.manage("shell", "-v0", "-c", more).returncode == 0
    return fleet


Load = Callable[[Fleet], float]


def _compared(name: str, load: Load, told: Fleet, silent: Fleet) -> Figure:
    load(told), load(silent)
    pairs = in_turn(lambda: load(told), lambda: load(silent), ROUNDS)
    ratios = [ours / theirs for ours, theirs in pairs]
    return Figure(
        name=name,
        value=statistics.median(ours for ours, _ in pairs),
        unit="1/s",
        n=round(sum(map(sum, pairs)) * SECONDS / 2),
        against="the same, none told",
        baseline=statistics.median(theirs for _, theirs in pairs),
        ratio=statistics.median(ratios),
        spread=(min(ratios), max(ratios)),
        note="goal ≥ 0.95",
    )


def _pages(fleet: Fleet) -> float:
    return len(_browsed(fleet)) / SECONDS


def _browsed(fleet: Fleet) -> list[float]:
    """Seconds that each page of a closed loop took."""
    until = time.monotonic() + SECONDS

    def client(_: int) -> list[float]:
        transport, took = HttpTransport(fleet.base_url), []
        number = 0
        while (began := time.monotonic()) < until:
            number += 1
            path = f"/products/?page={number % 3 + 1}"
            assert transport.send("GET", path, headers={}, body=b"").status == 200
            took.append(time.monotonic() - began)
        transport.close()
        return took

    with ThreadPoolExecutor(CONNECTIONS) as clients:
        return list(chain.from_iterable(clients.map(client, range(CONNECTIONS))))


def _checkouts(fleet: Fleet) -> float:
    until = time.monotonic() + SECONDS

    def client(_: int) -> int:
        transport, done = HttpTransport(fleet.base_url), 0
        shop = Shop(transport)
        listed = shop.request("GET", "/api/products/").json["results"]
        items = {each["sku"]: 1 for each in listed[:LINES]}
        while time.monotonic() < until:
            answer = shop.checkout(shop.filled_cart(**items), key=str(uuid.uuid4()))
            assert answer.status == 201, answer
            done += 1
        transport.close()
        return done

    with ThreadPoolExecutor(BUYERS) as clients:
        return sum(clients.map(client, range(BUYERS))) / SECONDS


def _watched(fleet: Fleet) -> Figure:
    watched, alone = [], []
    n = 0
    for _ in range(ROUNDS):
        with _operators(fleet):
            with_them = _browsed(fleet)
        without = _browsed(fleet)
        watched.append(_p99(with_them))
        alone.append(_p99(without))
        n += len(with_them)
    ratios = [ours / theirs for ours, theirs in zip(watched, alone, strict=True)]
    return Figure(
        name=f"p99 of a page while {OPERATORS} operators watch",
        value=statistics.median(watched) * 1000,
        unit="ms",
        n=n,
        against="the same, nobody watches",
        baseline=statistics.median(alone) * 1000,
        ratio=statistics.median(ratios),
        spread=(min(ratios), max(ratios)),
        note="goal: 1 within noise",
    )


def _p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]


@contextmanager
def _operators(fleet: Fleet) -> Iterator[None]:
    """So many have the control page open, which looks again as its script does."""
    over = threading.Event()

    def watch(_: int) -> None:
        transport = HttpTransport(fleet.base_url)
        shop = Shop(transport)
        form = shop.form("/accounts/login/")
        login = {"username": "operator@example.com", "password": "operator-demo"}
        shop.submit("/accounts/login/", form | login)
        seen = ""
        while not over.wait(POLL_EVERY):
            headers = {"If-None-Match": seen} if seen else {}
            answer = transport.send("GET", "/admin/extract/state.json", headers=headers, body=b"")
            assert answer.status in (200, 304), answer
            seen = answer.headers.get("etag", "")
        transport.close()

    with ThreadPoolExecutor(OPERATORS) as watching:
        there = [watching.submit(watch, number) for number in range(OPERATORS)]
        try:
            yield
        finally:
            over.set()
        for each in there:
            each.result()
