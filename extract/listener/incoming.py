"""One request as it comes in, byte by byte: when it is whole, and when it will be refused.

Only how far it reaches is read here; what it says is for gunicorn's parser, from the same bytes.
What is malformed counts as whole at once: the parser refuses it without waiting for more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from tempfile import TemporaryFile
from typing import IO, Protocol

LONGEST_HEAD = 64 * 1024
LONGEST_LINE = 4 * 1024
"""Bytes of the line that says how long a chunk is."""
IN_MEMORY = 128 * 1024
"""Bytes of a body; a longer one is a temporary file."""

_FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding):([^\r\n]*)", re.I)
_LENGTH = re.compile(rb"\d{1,18}")
_SIZE = re.compile(rb"([0-9a-fA-F]+)[ \t]*(?:;[^\r\n]*)?\r\n")
_EXPECTS = re.compile(rb"\r\nexpect[ \t]*:[ \t]*100-continue[ \t]*(?=\r\n)", re.I)


class Refused(Exception):
    """The request is not taken: ``status`` says why."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Incoming:
    """A request of which ``take`` is given what comes, until it ``is_whole``.

    ``head`` ends with its blank line once that has come, and ``has_head`` says so; ``size`` is
    how many bytes have come at all; ``rest`` what came after the request's end. A body of more
    than ``largest`` bytes is refused when that is said, before it comes.
    """

    def __init__(self, largest: int) -> None:
        self.head = bytearray()
        self.has_head = False
        self.is_whole = False
        self.size = 0
        self.rest = b""
        self._largest = largest
        self._body: _Extent = _NOTHING
        self._kept = bytearray()
        self._file: IO[bytes] | None = None

    def take(self, data: bytes) -> None:
        """Raises ``Refused``."""
        self.size += len(data)
        if not self.has_head:
            searched = max(0, len(self.head) - 3)
            self.head += data
            end = self.head.find(b"\r\n\r\n", searched)
            if end < 0:
                self._look_at_part()
                return
            data = bytes(self.head[end + 4 :])
            del self.head[end + 4 :]
            self.has_head = True
            self._body = _extent(self.head, self._largest)
        self._take_body(data)

    def expects_continue(self) -> bool:
        """Whether the client waits to be told that its body may come; true once at most."""
        if not self.has_head or self.size > len(self.head) or b" HTTP/1.1\r\n" not in self.head:
            return False
        head, found = _EXPECTS.subn(b"", self.head)
        self.head = bytearray(head)
        return found > 0

    def parts(self) -> Iterator[bytes]:
        """The request, whole as it is."""
        yield bytes(self.head)
        if self._file is None:
            yield bytes(self._kept)
        else:
            self._file.seek(0)
            while part := self._file.read(IN_MEMORY):
                yield part

    def forget(self) -> None:
        """Give back what it takes to keep it."""
        if self._file is not None:
            self._file.close()

    def _look_at_part(self) -> None:
        if len(self.head) > LONGEST_HEAD:
            has_line = b"\r\n" in self.head
            raise Refused(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                if has_line
                else HTTPStatus.REQUEST_URI_TOO_LONG
            )
        # A line that does not end as it must: the head might never.
        self.is_whole = self.head.count(b"\n") != self.head.count(b"\r\n")

    def _take_body(self, data: bytes) -> None:
        used = self._body.take(data)
        self.is_whole = self._body.is_reached
        self.rest = data[used:]
        if used:
            self._keep(data[:used])

    def _keep(self, data: bytes) -> None:
        if self._file is None:
            self._kept += data
            if self.size <= LONGEST_HEAD + IN_MEMORY:
                return
            self._file = TemporaryFile()  # noqa: SIM115
            data = bytes(self._kept)
            self._kept.clear()
        self._file.write(data)


class _Extent(Protocol):
    """How far a body reaches. ``take`` returns how many of the bytes are of it."""

    is_reached: bool

    def take(self, data: bytes) -> int: ...


class _Length:
    def __init__(self, length: int, largest: int) -> None:
        if length > largest:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        self._left = length
        self.is_reached = not length

    def take(self, data: bytes) -> int:
        used = min(self._left, len(data))
        self._left -= used
        self.is_reached = not self._left
        return used


_NOTHING = _Length(0, 0)


class _Chunks:
    """Chunks, the last of which is empty and followed by trailers (RFC 9112, 7.1)."""

    def __init__(self, largest: int) -> None:
        self.is_reached = False
        self._largest = largest
        self._total = self._around = 0
        self._left = 0  # bytes of the chunk that is coming
        self._line = bytearray()
        self._is_after_chunk = self._is_trailing = False

    def take(self, data: bytes) -> int:
        at = 0
        while at < len(data) and not self.is_reached:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
            else:
                end = data.find(b"\n", at)
                step = (end + 1 if end >= 0 else len(data)) - at
                self._take_line(data[at : at + step])
            at += step
        return at

    def _take_line(self, part: bytes) -> None:
        self._line += part
        self._around += len(part)
        # Sizes and trailers may not be what most of it is made of.
        if self._around > self._largest + LONGEST_HEAD:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if self._is_after_chunk and not b"\r\n".startswith(self._line):
            self.is_reached = True
            return
        if not part.endswith(b"\n"):
            self.is_reached = len(self._line) > LONGEST_LINE
            return
        if self._is_after_chunk:
            self._is_after_chunk = False
        elif self._is_trailing:
            self.is_reached = self._line == b"\r\n"
        else:
            self._begin_chunk(_SIZE.fullmatch(self._line))
        self._line.clear()

    def _begin_chunk(self, size: re.Match[bytes] | None) -> None:
        if size is None:
            self.is_reached = True
            return
        length = int(size[1], 16)
        self._total += length
        if self._total > self._largest:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        self._is_trailing = not length
        self._is_after_chunk = not self._is_trailing
        self._left = length


def _extent(head: bytearray, largest: int) -> _Extent:
    said = [(name.lower(), value.strip(b" \t")) for name, value in _FRAMING.findall(head)]
    match said:
        case []:
            return _NOTHING
        case [(b"content-length", length)] if _LENGTH.fullmatch(length):
            return _Length(int(length), largest)
        case [(b"transfer-encoding", coding)] if coding.lower() == b"chunked":
            return _Chunks(largest)
        case _:
            return _NOTHING  # or what the parser refuses
