"""Lines in a file that several processes write, and begin anew once it is long."""

from __future__ import annotations

import logging
import multiprocessing
from pathlib import Path

from extract.observe.lines import KeptLines


def test_a_long_file_is_set_aside_and_no_line_is_torn(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "shop.jsonl"
    writers = [
        multiprocessing.get_context("spawn").Process(target=_write, args=(str(path), name))
        for name in "ab"
    ]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert [each.exitcode for each in writers] == [0, 0]
    kept = list(path.parent.iterdir())
    assert path in kept
    assert len(kept) == 2
    lines = [line for each in kept for line in each.read_text().splitlines()]
    assert {(len(line), len(set(line))) for line in lines} == {(20_000, 1)}
    assert lines[-1]


def _write(path: str, name: str) -> None:
    handler = KeptLines(path, longest=10_000_000)
    handler.setFormatter(logging.Formatter())
    for number in range(1500):
        if number % 2:
            handler.put(name.encode() * 20_000)
        else:
            handler.emit(logging.makeLogRecord({"msg": name * 20_000}))
    handler.close()
