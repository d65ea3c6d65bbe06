"""One trace among a million lines, in files and in a real Elasticsearch: found, then read.

``ELASTICSEARCH_HOME=… make bench ARGS=traces`` (some four minutes, 512 MB of heap).
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path

import requests

from extract.observe.traces.elasticsearch import Elasticsearch
from extract.observe.traces.files import Files
from extract.observe.traces.source import Source
from tests.bench.measure import Figure
from tests.elk.conftest import set_up
from tests.elk.lines import purchase
from tests.elk.server import ElasticsearchServer, distribution

LINES = 1_000_000
BATCH = 5_000
ROUNDS, FILE_ROUNDS = 200, 20
PROCESSES = 30


def run() -> list[Figure]:
    return [*_in_files(), *_in_elasticsearch()]


def _in_files() -> list[Figure]:
    """Of as many processes as fifteen instances, their workers and home are."""
    with tempfile.TemporaryDirectory(prefix="shop-traces-") as directory:
        paths = [Path(directory) / f"{number}.jsonl" for number in range(PROCESSES)]
        purchases = _write(paths)
        size = sum(path.stat().st_size for path in paths) / LINES
        return [
            *_looked_for("files", Files(paths), purchases, FILE_ROUNDS, f"{size:.0f} bytes a line")
        ]


def _write(paths: list[Path]) -> int:
    """How many purchases there are then; the lines of each are spread over the processes."""
    with ExitStack() as stack:
        files = [stack.enter_context(path.open("w")) for path in paths]
        written = 0
        for number in range(LINES):
            for line in purchase(number):
                files[written % len(files)].write(json.dumps(line, separators=(",", ":")) + "\n")
                written += 1
            if written >= LINES:
                break
    return number + 1


def _in_elasticsearch() -> list[Figure]:
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
        source = Elasticsearch(server.url)
        figures = [loaded, *_looked_for("Elasticsearch", source, purchases, ROUNDS, "goal 2 s")]
        common = lambda: source.naming(["payment"])  # noqa: E731
        name = "the newest traces with a label that a quarter of all lines has"
        return [*figures, _timed(name, common, 20, "")]
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


def _looked_for(
    where: str, source: Source, purchases: int, rounds: int, note: str
) -> Iterator[Figure]:
    """Each time another one, so that no answer is kept."""
    dice = random.Random(1)

    def whole(field: str) -> None:
        lines = purchase(dice.randrange(purchases))
        text = next(str(line[field]) for line in lines if field in line)
        found = source.naming([text])
        assert len(source.lines(found)) == len(lines)

    for field in ("labels.order", "http.request.id", "trace.id"):
        name = f"one trace by {field} in {where}, found and read"
        yield _timed(name, partial(whole, field), rounds, note)


def _timed(name: str, function: Callable[[], object], times: int, about: str) -> Figure:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        function()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    p99 = taken[int(len(taken) * 0.99)]
    note = f"{about}; p99 {p99:.1f} ms, slowest {taken[-1]:.1f} ms, first of all included"
    return Figure(name=name, value=statistics.median(taken), unit="ms", n=times, note=note)
