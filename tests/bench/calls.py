"""A contract call against the plain function: what ``local``, ``wire`` and a real second process
cost; and the last of them against a bare POST of the same bytes to the same server.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import msgspec

from extract.call import LOCAL, Wire, bound, handle, new_context, using_context
from tests.bench.measure import Figure, compare

WARM_UP, ROUNDS, TIMES = 1000, 100, 50
JAVA = 157
"""Microseconds that a Java peer needs for such a call on this class of machine."""


def run() -> list[Figure]:
    return [*_in_process(), _remote()]


def _in_process() -> list[Figure]:
    from tests.bench.catalogue import QUOTES, Catalogue, quote_plainly

    catalogue = handle(Catalogue)
    skus = tuple(quote.sku for quote in QUOTES)
    figures = []
    with using_context(new_context(seconds=600)):
        for name, binding, note in (
            ("contract call, local", LOCAL, "guards: no transaction, deadline, declared errors"),
            ("contract call, wire, one delivery", Wire(deliveries=1), "encode, endpoint, decode"),
            ("contract call, wire, as in tests", Wire(), "delivered twice"),
        ):
            with bound(binding, Catalogue.app):
                figures.append(
                    compare(
                        name,
                        lambda: catalogue.quote(skus=skus),
                        "the plain function",
                        lambda: quote_plainly(skus=skus),
                        rounds=25,
                        times=1000,
                        note=note,
                    )
                )
    return figures


def _remote() -> Figure:
    from tests.bench.catalogue import QUOTES, Catalogue
    from tests.extract.call.remote.scene import Callee, Caller

    callee = Callee(
        "bench", role=Catalogue.app, app=Catalogue.app, module="tests.bench.catalogue",
        wsgi="tests.bench.callee",
    ).start()  # fmt: skip
    caller = Caller()
    bare = HTTPConnection("127.0.0.1", callee.port)
    try:
        callee.wait()
        caller.knows(callee, contract=Catalogue)
        catalogue, skus = handle(Catalogue), tuple(quote.sku for quote in QUOTES)
        _posted(bare, "/bare/answer/", msgspec.json.encode(QUOTES))
        request = msgspec.json.encode({"skus": skus})
        with bound(caller.placed, Catalogue.app), using_context(new_context(seconds=600)):
            assert catalogue.quote(skus=skus) == QUOTES
            return _medians(
                lambda: catalogue.quote(skus=skus), lambda: _posted(bare, "/bare/", request)
            )
    finally:
        bare.close()
        caller.close()
        callee.remove()


def _posted(connection: HTTPConnection, path: str, body: bytes) -> bytes:
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    return connection.getresponse().read()


def _medians(call: Callable[[], Any], bare: Callable[[], Any]) -> Figure:
    """Short runs of both in turn, so that whatever else the machine does meets both. Not one by
    one: the server is busy with one connection for a while after it answered, and a request on
    the other would meet that.
    """
    _microseconds(call, WARM_UP), _microseconds(bare, WARM_UP)
    ratios, calls, bares = [], list[float](), list[float]()
    gc.collect()
    for number in range(ROUNDS):
        runs = [(call, list[float]()), (bare, list[float]())]
        for function, taken in runs if number % 2 else reversed(runs):
            taken += _microseconds(function, TIMES)
        (_, of_calls), (_, of_bares) = runs
        ratios.append(statistics.median(of_calls) / statistics.median(of_bares))
        calls += of_calls
        bares += of_bares
    value, baseline = statistics.median(calls), statistics.median(bares)
    p99 = statistics.quantiles(calls, n=100)[98]
    return Figure(
        name="contract call, remote, p50",
        value=value,
        unit="µs",
        n=len(calls),
        against="bare POST of the same bytes, p50",
        baseline=baseline,
        ratio=value / baseline,
        spread=(min(ratios), max(ratios)),
        note=f"goals: ratio ≤ 1.15, ≤ {3 * JAVA} µs; p99 {p99:.0f} µs",
    )


def _microseconds(function: Callable[[], Any], times: int) -> list[float]:
    """How long each of so many calls took."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        function()
        taken.append((time.perf_counter() - started) * 1e6)
    return taken
