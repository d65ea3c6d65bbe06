"""Reading an instance's answer off a connection.

The standard library's reader takes longer than everything else that a call does on this side,
for it reads any server's answers. Instances all answer alike: HTTP/1.1, with the length stated.
Anything else is no answer of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable

LONGEST_HEAD = 64 * 1024

_STATUS = re.compile(rb"HTTP/1\.[01] ([2-5][0-9][0-9])(?: |\r\n|\Z)")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,12})[ \t]*(?=\r\n|\Z)")
_CLOSE = re.compile(rb"\r\nconnection:[^\r\n]*close")


class BadAnswer(Exception):
    """What came is not an answer of an instance."""


def read_answer(
    receive: Callable[[float], bytes], ends_at: float
) -> tuple[tuple[int, bytes], bool]:
    """Status and body, and whether the connection may be used again.

    ``receive`` waits until ``ends_at`` for the next bytes; what it raises passes through.
    Raises ``BadAnswer``.
    """
    received = receive(ends_at)
    while (end := received.find(b"\r\n\r\n")) < 0:
        if len(received) > LONGEST_HEAD:
            raise BadAnswer("the head of the answer does not end")
        received += receive(ends_at)
    head = received[:end].lower()
    status = _STATUS.match(received)
    lengths = _LENGTH.findall(head)
    if status is None or len(lengths) != 1 or b"\r\ntransfer-encoding:" in head:
        raise BadAnswer("it is not HTTP/1.1 of a stated length")
    length, body = int(lengths[0]), received[end + 4 :]
    if len(body) < length:
        parts = [body]
        missing = length - len(body)
        while missing > 0:
            parts.append(receive(ends_at))
            missing -= len(parts[-1])
        body = b"".join(parts)
    may_be_kept = len(body) == length and _CLOSE.search(head) is None
    return (int(status[1]), body[:length]), may_be_kept
