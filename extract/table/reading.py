"""Reads a table's rows as text, whatever its file is: CSV of any dialect, or a workbook.

A row that cannot be read says why; it spoils none of the others.
"""

from __future__ import annotations

import csv
import io
import os
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extract.table import workbook

DELIMITERS = (",", ";", "\t", "|")
LONGEST_ROW = 20
"""Lines over which one row may go, by line breaks within quotes."""

_BREAK = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class BadTable(Exception):
    """The file as a whole is no such table. The message is one sentence."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row after the header. ``number`` counts rows, the header is 1; ``cells`` are those of the
    wanted columns, in their order, without space around them. With a ``fault`` they are as much as
    could be read: ``not-utf-8``, ``bad-quoting``, ``control-characters``,
    ``wrong-number-of-fields``."""

    number: int
    cells: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """``form`` says what was read, for people: ``CSV with ';', Windows-1252``."""

    rows: tuple[Row, ...]
    form: str


def name_of(path: Path) -> str:
    """The file's base name as text: a name that is no UTF-8 has its odd bytes spelt out."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def read_table(path: Path, columns: Mapping[str, Sequence[str]], *, of: str) -> Table:
    """The rows of a file ``of`` something, as people call it. ``columns`` are those wanted, each
    with its other names; they may stand in any order, in capitals or not, among others. Raises
    ``BadTable``."""
    shown = os.fsencode(path).decode("utf-8", "backslashreplace")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadTable(f"{shown} cannot be read: {error.strerror or error}.") from error
    try:
        if content.startswith(workbook.MAGIC):
            return _of_sheet(workbook.cells_of(io.BytesIO(content)), columns)
        if content.startswith(workbook.OLD_MAGIC):
            raise workbook.Unreadable("it is a workbook of the old kind; save it as .xlsx or CSV")
        return _of_text(content, columns)
    except workbook.Unreadable as error:
        raise BadTable(f"{shown} cannot be read: {error}.") from error
    except _NoSuchHeader as error:
        raise BadTable(
            f"{shown} is not a file of {of}: its first line must be {','.join(columns)!r}, in any "
            f"order, and is {error.found!r}."
        ) from error


class _NoSuchHeader(Exception):
    def __init__(self, found: str) -> None:
        self.found = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", found[:60]).strip() or "empty"


class _Places:
    """Where the wanted columns are in a row."""

    def __init__(self, header: Sequence[str], columns: Mapping[str, Sequence[str]]) -> None:
        names = [_folded(name) for name in header]
        wanted = [{_folded(each) for each in (name, *more)} for name, more in columns.items()]
        found = [[at for at, name in enumerate(names) if name in some] for some in wanted]
        if any(len(at) != 1 for at in found):
            raise _NoSuchHeader(",".join(header))
        self._at = [at[0] for at in found]
        self.width = len(header)

    def row(self, number: int, cells: Sequence[str], fault: str = "") -> Row:
        if not fault and len(cells) != self.width:
            fault = "wrong-number-of-fields"
        # A row of another width is told by what stands where it should.
        chosen = tuple(cells[at].strip() if at < len(cells) else "" for at in self._at)
        if not fault and any(map(_CONTROL.search, chosen)):
            fault = "control-characters"
        return Row(number=number, cells=chosen, fault=fault)


def _folded(name: str) -> str:
    return re.sub(r"[\s_]+", "", name).casefold()


def _of_sheet(rows: Iterator[list[str]], columns: Mapping[str, Sequence[str]]) -> Table:
    places = _Places(next(rows, []), columns)
    # Empty cells at a row's end are not there at all.
    padded = (cells + [""] * (places.width - len(cells)) for cells in rows)
    read = [places.row(number, cells) for number, cells in enumerate(padded, start=2)]
    while read and not any(read[-1].cells):
        read.pop()
    return Table(rows=tuple(read), form="a workbook")


def _of_text(content: bytes, columns: Mapping[str, Sequence[str]]) -> Table:
    lines, encoding = _lines(content)
    first = lines[0] or ""
    for delimiter in DELIMITERS:
        try:
            header = next(csv.reader([first], delimiter=delimiter, strict=True), [])
            places = _Places(header, columns)
        except (csv.Error, _NoSuchHeader):
            continue
        rows = tuple(_rows(lines[1:], delimiter, places))
        return Table(rows=rows, form=f"CSV with {delimiter!r}, {encoding}")
    raise _NoSuchHeader(first)


def _lines(content: bytes) -> tuple[list[str | None], str]:
    """Physical lines, None for each that cannot be decoded; blank ones at the end are none.

    Text that is UTF-8 nowhere but in ASCII is Windows-1252; else what is not UTF-8 is spoilt.
    """
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        text, encoding = content.decode("utf-16", "replace"), "UTF-16"
        lines: list[str | None] = list(text.split("\n"))
    else:
        raw, encoding = content.removeprefix(BOM_UTF8).split(b"\n"), "UTF-8"
        lines = [_decoded(line) for line in raw]
        is_utf_8 = content.startswith(BOM_UTF8) or any(
            line is not None and not line.isascii() for line in lines
        )
        if None in lines and not is_utf_8:
            lines, encoding = [line.decode("cp1252", "replace") for line in raw], "Windows-1252"
    while len(lines) > 1 and lines[-1] is not None and not lines[-1].strip():
        lines.pop()
    return lines, encoding


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def _rows(lines: list[str | None], delimiter: str, places: _Places) -> Iterator[Row]:
    at, number = 0, 1
    while at < len(lines):
        number += 1
        line = lines[at]
        if line is None:
            yield places.row(number, [], "not-utf-8")
            at += 1
            continue
        cells, used = _cells(lines, at, delimiter, places.width)
        if cells is not None:
            yield places.row(number, cells)
        else:
            plain = line.removesuffix("\r").replace('"', "")
            fault = "control-characters" if "\r" in plain else "bad-quoting"
            yield places.row(number, plain.split(delimiter), fault)
        at += used


def _cells(
    lines: list[str | None], at: int, delimiter: str, width: int
) -> tuple[list[str] | None, int]:
    """The cells of the row that begins at a line, and over how many lines it goes; None if a quote
    is stray, which then spoils this line and not the rest of the file."""
    text = ""
    for used, line in enumerate(lines[at : at + LONGEST_ROW], start=1):
        if line is None:
            break
        text += line.removesuffix("\r") + "\n"
        if text.count('"') % 2:
            continue
        try:
            cells = next(csv.reader([text], delimiter=delimiter, strict=True), [])
        except csv.Error:
            break
        if used > 1 and len(cells) != width:
            break
        return [_BREAK.sub(" ", cell) for cell in cells], used
    return None, 1
