"""How a request between two processes is signed, in bytes.

``X-Instance: role/id`` names the sender; ``X-Instance-Signature: <unix seconds> <nonce> <mac>``
covers sender, receiver, method, path, the headers in ``SIGNED`` and the body.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Self

import msgspec

from extract.trust.errors import NotTrusted

MAC_BYTES = 32
SENDER, SIGNATURE = "X-Instance", "X-Instance-Signature"

SIGNED = (
    "X-Request-ID",
    "traceparent",
    "X-Time-Left",
    "X-Identity",
    "X-Subject",
    "X-Roles",
    "X-Contract",
)
"""Headers that change what a request means."""


class Signature(msgspec.Struct, frozen=True):
    """The parts of a signature header; ``at`` in unix seconds, ``mac`` in hexadecimal."""

    at: int
    nonce: str
    mac: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ``NotTrusted`` if it is none."""
        parts = text.split(" ")
        if len(parts) != 3 or not parts[0].isascii() or not parts[0].isdecimal():
            raise NotTrusted("there is no well-formed instance signature")
        if len(parts[0]) > 12 or not 16 <= len(parts[1]) <= 64:
            raise NotTrusted("the instance signature's time or nonce is malformed")
        return cls(at=int(parts[0]), nonce=parts[1], mac=parts[2])

    def __str__(self) -> str:
        return f"{self.at} {self.nonce} {self.mac}"


def mac_of(
    key: bytes,
    *,
    sender: str,
    receiver: str,
    at: int,
    nonce: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
) -> str:
    """Keyed BLAKE2b (RFC 7693) in hexadecimal: a third of what HMAC-SHA256 by OpenSSL takes.

    It covers a line for each field, then the body. Raises ``NotTrusted`` for a field of several
    lines, which might run into the next.
    """
    fields = [sender, receiver, str(at), nonce, method, path]
    fields += [headers.get(name, "") for name in SIGNED]
    text = "\n".join(fields)
    if text.count("\n") >= len(fields):
        raise NotTrusted("a header or the path of the request has more than one line")
    content = text.encode("utf-8", "surrogateescape") + b"\n" + body
    return hashlib.blake2b(content, key=key, digest_size=MAC_BYTES).hexdigest()
