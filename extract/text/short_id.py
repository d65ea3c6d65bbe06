"""A short name for a UUID: for people to read out, write down and search by.

Crockford's base 32 (crockford.com/base32.html) of its first 45 bits: of a random UUID nobody can
guess the next or count how many there are, and a million of them share a name with a probability
of one in seventy.
"""

from __future__ import annotations

import re
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 9
_REST = 128 - 5 * LENGTH
_ALIKE = str.maketrans("ILO", "110")
_SHORT_ID = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")


def short_id(uuid: UUID) -> str:
    """``4G7-ZK1-Q0M``."""
    bits = uuid.int >> _REST
    letters = "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(LENGTH)))
    return "-".join(letters[at : at + 3] for at in range(0, LENGTH, 3))


def uuids_called(text: str) -> tuple[UUID, UUID] | None:
    """The first and the last UUID of that short name, however it is written: in small letters,
    without hyphens, an O for a 0. None if it is none."""
    letters = re.sub(r"[\s-]", "", text).upper().translate(_ALIKE)
    if not _SHORT_ID.fullmatch(letters):
        return None
    bits = 0
    for letter in letters:
        bits = bits << 5 | ALPHABET.index(letter)
    return UUID(int=bits << _REST), UUID(int=(bits + 1 << _REST) - 1)
