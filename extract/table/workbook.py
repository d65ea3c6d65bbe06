"""The first sheet of an ``.xlsx`` workbook, as text."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, Any

from openpyxl import load_workbook

MAGIC, OLD_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
LARGEST = 2 * 1024**3
"""Bytes of a workbook that is unpacked: what is larger is no table that anybody made."""


class Unreadable(Exception):
    """It is no workbook that can be read; the message says why."""


def cells_of(file: IO[bytes]) -> Iterator[list[str]]:
    """Each row of the first sheet, read as it is asked for. Raises ``Unreadable``."""
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST:
                raise Unreadable("unpacked it is larger than two gigabytes")
        book = load_workbook(file, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True):
            cells = [_text(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            yield cells
    except Unreadable:
        raise
    except Exception as error:
        # A broken archive or document can make any of openpyxl's parts fail.
        raise Unreadable(f"it is no workbook ({type(error).__name__})") from error


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat(*(" ",) if isinstance(value, datetime) else ())
        case _:
            return str(value)
