"""One trace among a million lines in a real Elasticsearch: found by an order's id, then read.

``ELASTICSEARCH_HOME=… make bench ARGS=traces`` (some three minutes, 512 MB of heap).
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice

import requests

from extract.observe.traces.elasticsearch import Elasticsearch
from tests.bench.measure import Figure
from tests.elk.conftest import set_up
from tests.elk.lines import purchase
from tests.elk.server import ElasticsearchServer, distribution

LINES = 1_000_000
BATCH = 5_000
ROUNDS = 200


def run() -> list[Figure]:
    home = distribution()
    if home is None:
        print("ELASTICSEARCH_HOME names no Elasticsearch: left out.", file=sys.stderr)
        return []
    server = ElasticsearchServer(home)
    try:
        set_up(server)
        began = time.perf_counter()
        purchases = _load(server)
        seconds = time.perf_counter() - began
        size = server.ask("GET", "/shop-logs/_stats/store")["_all"]["total"]["store"]
        note = f"{LINES:,} lines, {size['size_in_bytes'] / LINES:.0f} bytes each on disk"
        loaded = Figure(
            name="lines taken in bulk", value=LINES / seconds, unit="lines/s", n=LINES, note=note
        )
        return [loaded, *_looked_for(Elasticsearch(server.url), purchases)]
    finally:
        server.remove()


def _load(server: ElasticsearchServer) -> int:
    """How many purchases there are then."""
    session = requests.Session()
    numbers = iter(range(LINES))
    lines = (line for number in numbers for line in purchase(number))
    rows = (f'{{"index":{{}}}}\n{json.dumps(line)}\n' for line in islice(lines, LINES))
    while batch := "".join(islice(rows, BATCH)):
        answer = session.post(
            f"{server.url}/shop-logs/_bulk", data=batch.encode(), timeout=60,
            headers={"Content-Type": "application/x-ndjson"},
        ).json()  # fmt: skip
        assert not answer["errors"]
    assert server.count("shop-logs") == LINES
    return next(numbers) - 1


def _looked_for(source: Elasticsearch, purchases: int) -> Iterator[Figure]:
    """Each time another one, so that no answer is kept."""
    dice = random.Random(1)

    def whole(field: str) -> None:
        lines = purchase(dice.randrange(purchases))
        text = next(str(line[field]) for line in lines if field in line)
        found = source.naming([text])
        assert len(source.lines(found)) == len(lines)

    for field in ("labels.order", "http.request.id", "trace.id"):
        yield _timed(f"one trace by {field}, found and read", lambda f=field: whole(f), ROUNDS)  # type: ignore[misc]
    common = lambda: source.naming(["payment"])  # noqa: E731
    yield _timed("the newest traces with a label that a quarter of all lines has", common, 20)


def _timed(name: str, function: Callable[[], object], times: int) -> Figure:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        function()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    p99 = taken[int(len(taken) * 0.99)]
    note = f"p99 {p99:.1f} ms, slowest {taken[-1]:.1f} ms, first of all included"
    return Figure(name=name, value=statistics.median(taken), unit="ms", n=times, note=note)
