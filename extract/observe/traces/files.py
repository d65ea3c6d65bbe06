"""Lines in files: those that ``up`` keeps of its processes, and what is in ``LOG_DIR``."""

from __future__ import annotations

import mmap
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from django.conf import settings

from extract.observe.traces.source import MOST_LINES, MOST_TRACES, Line, SourceAway
from extract.registry.running import run_directory

_CORRELATION = re.compile(rb'"http\.request\.id":"((?:[^"\\]|\\.)*)"')


class Files:
    """The lines in ``paths``, each of one JSON object."""

    name = "files"

    def __init__(self, paths: Collection[Path]) -> None:
        self._paths = sorted(paths)

    def naming(self, texts: Collection[str]) -> set[str]:
        needles = [_quoted(text) for text in texts]
        found: dict[str, None] = {}
        for line in self._lines_with(needles):
            if (match := _CORRELATION.search(line)) is not None:
                correlation = msgspec.json.decode(b'"' + match[1] + b'"', type=str)
                found.pop(correlation, None)
                found[correlation] = None
        return set(list(found)[-MOST_TRACES:])

    def lines(self, correlation_ids: Collection[str]) -> list[Line]:
        needles = [b'"http.request.id":' + _quoted(each) for each in correlation_ids]
        lines: list[Line] = []
        for text in self._lines_with(needles):
            try:
                lines.append(msgspec.json.decode(text, type=dict))
            except msgspec.DecodeError:
                continue  # cut short, as the last one of a process that was killed may be
        return sorted(lines, key=lambda line: str(line.get("@timestamp")))[-MOST_LINES:]

    def _lines_with(self, needles: Collection[bytes]) -> Iterator[bytes]:
        for path in self._paths:
            with _mapped(path) as content:
                if content is not None:
                    yield from _lines_in(content, needles)


def kept_files() -> Files:
    """What this machine's processes have written. Raises ``SourceAway`` if there is nothing."""
    directory = settings.LOG_DIR or Path(settings.DATA_DIR) / "logs"
    paths = [*directory.glob("*.jsonl*"), *(run_directory() / "logs").glob("*.log*")]
    if not paths:
        raise SourceAway(
            f"No process has kept its lines in {directory}, nor does 'extract up' run here; set "
            f"ELASTICSEARCH_URL, or LOG_DIR to where the files are."
        )
    return Files(paths)


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap | None]:
    """The file as bytes; None if it is empty, or was set aside in this moment."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as found:
            yield found
    except (FileNotFoundError, ValueError):
        yield None


def _lines_in(content: mmap.mmap, needles: Iterable[bytes]) -> Iterator[bytes]:
    """Each line that one of them is in, in the file's order."""
    begins: set[int] = set()
    for needle in needles:
        at = content.find(needle)
        while at >= 0:
            begins.add(content.rfind(b"\n", 0, at) + 1)
            end = content.find(b"\n", at)
            at = content.find(needle, end) if end >= 0 else -1
    for begin in sorted(begins):
        end = content.find(b"\n", begin)
        yield content[begin : end if end >= 0 else len(content)]


def _quoted(text: str) -> bytes:
    return msgspec.json.encode(text)
